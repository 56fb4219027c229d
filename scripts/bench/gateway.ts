/**
 * Measures the CPU of a request through our gateway with all guards, through the gateway of Apollo's documentation, and
 * through a server that answers a constant. CPU time, because requests per second depend on the load of the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkAgreement } from './gateway/agree.ts'
import { type ContestantName, startField } from './gateway/contestants.ts'
import { createLoad, type Load, type Round } from './gateway/load.ts'
import { type BenchOperation, OPERATIONS, type OperationName } from './gateway/operations.ts'
import { findInstalledPeers, installPeers, PEER_NAMES } from './gateway/peers.ts'
import { findCores, pin } from './gateway/pin.ts'
import { type Rounds, toFigures, toTable } from './gateway/report.ts'

const HELP = `npm run bench:gateway [-- --rounds 5 --seconds 1 | --install-peers]

Measures the CPU time of three gateways over the same three subgraphs, in turn: ours with all guards on; @apollo/gateway
with @apollo/server as documented and no guards ("stock"); and a bare node:http server that answers a constant ("floor").
Mercurius and Hive Gateway with its query planner in Rust, both without guards, join them once they are installed.

  --rounds N    rounds of each contestant with each operation (default 5); the result is the median
  --seconds N   the duration of each measurement (default 1)
  --install-peers   installs Mercurius and Hive Gateway in scripts/bench/peers, and measures nothing

The last line is one JSON object: the CPU of stock divided by ours, and ours divided by that of the floor; perMercurius
and perHive are the CPU of the peer divided by ours, for one field, the join and the list.`

/** Enough to keep a core busy, and few enough for short queues. */
const CONNECTIONS = 16
/** The requests, or seconds, after which the code is compiled. */
const WARM_UP = { requests: 20_000, seconds: 10 }

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    'install-peers': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
if (values['install-peers']) {
  installPeers()
  process.exit(0)
}
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
if (!(Number.isInteger(rounds) && rounds > 0 && seconds > 0)) throw new Error('--rounds and --seconds take a number.')

const directory = mkdtempSync(join(tmpdir(), 'redress-bench-'))
const cores = findCores()
console.log(
  cores === null
    ? 'There is no second core, or no taskset: the measured process shares its core with the load.'
    : `Contestants on core ${cores.contestants}, the load and the subgraphs on ${cores.others}.`,
)
if (cores !== null) pin(process.pid, cores.others)
const absent = PEER_NAMES.filter((name) => !findInstalledPeers().includes(name))
if (absent.length > 0) console.log(`Not installed, and left out: ${absent.join(', ')} (--install-peers installs them).`)
const field = await startField({ directory, cores, callers: CONNECTIONS })
const loads = new Map<ContestantName, Load>()
try {
  for (const contestant of field.contestants) loads.set(contestant.name, createLoad(contestant))
  const measured = await measure()
  console.log(toTable(measured))
  console.log(JSON.stringify({ bench: 'gateway', ...toFigures(measured) }))
} finally {
  await field.stop()
  rmSync(directory, { recursive: true, force: true })
}

/** Measures the contestants in turn, so that a temporary load of the machine affects all of them. */
async function measure(): Promise<Rounds> {
  const bytes = await checkAgreement(loads)
  console.log(`All gateways give the same answers, of this many bytes: ${JSON.stringify(bytes)}`)
  // Warms up all operations first; otherwise the first measurement would include compiling.
  for (const operation of OPERATIONS) {
    for (const [name, load] of loads) await warmUp(load, operation, bytes[operation.name][name]!)
  }
  const measured = {} as Record<OperationName, Rounds[OperationName]>
  for (const operation of OPERATIONS) {
    const ofOperation: Partial<Record<ContestantName, Round[]>> & Rounds[OperationName] = {
      ours: [],
      stock: [],
      floor: [],
    }
    // The first round is not counted: after another operation some code is compiled again.
    for (let round = 0; round <= rounds; round++) {
      process.stdout.write(`\r${operation.name}: round ${round} of ${rounds} `)
      for (const [name, load] of loads) {
        const outcome = await load.run(operation, { seconds, bytes: bytes[operation.name][name]! })
        if (round > 0) ofOperation[name] = [...(ofOperation[name] ?? []), outcome]
      }
    }
    process.stdout.write('\n')
    measured[operation.name] = ofOperation
  }
  return measured
}

async function warmUp(load: Load, operation: BenchOperation, bytes: number): Promise<void> {
  let requests = 0
  for (let second = 0; second < WARM_UP.seconds && requests < WARM_UP.requests; second++) {
    requests += (await load.run(operation, { seconds: 1, bytes })).latencies.length
  }
}
