import { parseArgs } from 'node:util'
import { Random } from '../random.ts'
import { FAULT_KINDS, type FaultKind, isFaultKind } from './schedule/fault.ts'
import { ENGINES, type Engine } from './system/system.ts'

export const FAULTS_HELP = `npm run faults [-- --seed 1 --runs 10]

Runs the whole system (two of each service, three workers, two gateways, database and Redis) as real processes, makes
faults happen while issues are created, reviewed, retried and followed and policies are published, and checks from outside
that nothing was lost, doubled or reordered. The seed chooses everything: run i of \`--seed N\` is run 1 of
\`--seed N+i-1\`, but for what earlier runs left in a system that several share (--fresh 1 shares none).

Simulated: processes killed (kill) and stopped (stop), the time of day of a service wrong by up to an hour (clock; needs
libfaketime), Redis without its data (redis-wiped) or its last commands (redis-truncated), restored from an older copy
(redis-restored), replaced by a lagging replica (redis-failover), a full disk of the database (disk-full; needs root),
events that cannot be read (poison), decisions that fail for good (job-failed), a model that does not answer (model; with
an AI engine). Where something needed is not there, the fault is planned and nothing happens.

Not simulated: networks that lose or delay packets, half of a machine, a database restored from an older copy, wrong
clocks of Redis and the database, more than one machine, upgrades.

  --seed N       the seed of the first run (default: the time)
  --runs M       how many runs (default 1)
  --minutes T    as many runs as begin within this time, instead of --runs
  --only K,K     faults of these kinds only: ${FAULT_KINDS.join(', ')}
  --issues A-B   the number of issues of a run (default 30-60)
  --stop-max S   the longest stop of a process in seconds (default 90); few are longer than 9
  --settle S     seconds after the faults within which everything must be as it should be (default 120)
  --fresh N      begins with a new system after N runs (default 12)
  --engine E     rules, ai, or mixed (default): the seed of the first run of a system chooses, ai for one in three

Prints one line for each run and, at the end, one JSON object. A run with violations keeps its directory: logs,
schedule.json, violations.json, observation.json. Exit code 1 if there was one, 130 if it was interrupted.`

export type FaultsOptions = Readonly<{
  seed: number
  runsMax: number
  endsAtMs: number
  kinds: readonly FaultKind[]
  issues: Readonly<{ min: number; max: number }>
  stopMaxMs: number
  settleMs: number
  fresh: number
  /** The engine of a system, by the seed of its first run. */
  engineOf: (seed: number) => Engine
}>

const MIXED = 'mixed'
const AI_SHARE = 1 / 3

const OPTIONS = {
  seed: { type: 'string' },
  runs: { type: 'string' },
  minutes: { type: 'string' },
  only: { type: 'string', default: FAULT_KINDS.join() },
  issues: { type: 'string', default: '30-60' },
  'stop-max': { type: 'string', default: '90' },
  settle: { type: 'string', default: '120' },
  fresh: { type: 'string', default: '12' },
  engine: { type: 'string', default: MIXED },
} as const

/** @throws Error that names the wrong option */
export function readOptions(args: readonly string[], nowMs: number): FaultsOptions {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const { minutes } = values
  const kinds = values.only.split(',')
  if (!kinds.every(isFaultKind)) throw new Error(`--only takes some of ${FAULT_KINDS.join(', ')}.`)
  return {
    seed: values.seed === undefined ? Math.floor(nowMs / 1000) : toNumber('seed', values.seed),
    runsMax: values.runs === undefined ? (minutes ? Number.POSITIVE_INFINITY : 1) : toNumber('runs', values.runs),
    endsAtMs: minutes === undefined ? Number.POSITIVE_INFINITY : nowMs + toNumber('minutes', minutes) * 60_000,
    kinds,
    issues: readRange(values.issues),
    stopMaxMs: toNumber('stop-max', values['stop-max']) * 1000,
    settleMs: toNumber('settle', values.settle) * 1000,
    fresh: toNumber('fresh', values.fresh),
    engineOf: readEngine(values.engine),
  }
}

function readRange(text: string) {
  const [min, max = min] = text.split('-').map((part) => toNumber('issues', part))
  if (min === undefined || max === undefined || min > max) throw new Error('--issues takes a range such as 30-60.')
  return { min, max }
}

function readEngine(text: string): FaultsOptions['engineOf'] {
  if (text === MIXED) return (seed) => (new Random(seed).chance(AI_SHARE) ? 'ai' : 'rules')
  const engine = ENGINES.find((one) => one === text)
  if (engine === undefined) throw new Error(`--engine takes ${ENGINES.join(', ')} or ${MIXED}.`)
  return () => engine
}

function toNumber(option: string, text: string): number {
  const number = Number(text)
  if (text === '' || !Number.isInteger(number) || number < 1)
    throw new Error(`--${option} takes a whole number from 1 on.`)
  return number
}
