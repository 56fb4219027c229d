import { parseArgs } from 'node:util'
import { FAULT_KINDS, type FaultKind, isFaultKind } from './schedule/fault.ts'

export const FAULTS_HELP = `npm run faults [-- --seed 1 --runs 10]

Runs the whole system (two of each service, three workers, two gateways, database and Redis) as real processes, makes
faults happen while issues are created, reviewed and followed, and checks from outside that nothing was lost, doubled or
reordered. The seed chooses everything: run i of \`--seed N\` is run 1 of \`--seed N+i-1\`,
but for what earlier runs left in a system that several share (--fresh 1 shares none). Clocks are not shifted yet. Filling
the disk needs root; without root it is planned, and nothing happens.

  --seed N       the seed of the first run (default: the time)
  --runs M       how many runs (default 1)
  --minutes T    as many runs as begin within this time, instead of --runs
  --only K,K     faults of these kinds only: ${FAULT_KINDS.join(', ')}
  --issues A-B   the number of issues of a run (default 30-60)
  --stop-max S   the longest stop of a process in seconds (default 9; the long night uses 90)
  --settle S     seconds after the faults within which everything must be as it should be (default 120)
  --fresh N      begins with a new system after N runs (default 8)

Prints one line for each run and, at the end, one JSON object. A run with violations keeps its directory: logs,
schedule.json, violations.json, observation.json. Exit code 1 if there was one.`

export type FaultsOptions = Readonly<{
  seed: number
  runsMax: number
  endsAtMs: number
  kinds: readonly FaultKind[]
  issues: Readonly<{ min: number; max: number }>
  stopMaxMs: number
  settleMs: number
  fresh: number
}>

const OPTIONS = {
  seed: { type: 'string' },
  runs: { type: 'string' },
  minutes: { type: 'string' },
  only: { type: 'string', default: FAULT_KINDS.join() },
  issues: { type: 'string', default: '30-60' },
  'stop-max': { type: 'string', default: '9' },
  settle: { type: 'string', default: '120' },
  fresh: { type: 'string', default: '8' },
} as const

/** @throws Error that names the wrong option */
export function readOptions(args: readonly string[], nowMs: number): FaultsOptions {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const { minutes } = values
  const kinds = values.only.split(',')
  if (!kinds.every(isFaultKind)) throw new Error(`--only takes some of ${FAULT_KINDS.join(', ')}.`)
  const [min, max = min] = values.issues.split('-').map((text) => toNumber('issues', text))
  if (min === undefined || max === undefined || min > max) throw new Error('--issues takes a range such as 30-60.')
  return {
    seed: values.seed === undefined ? Math.floor(nowMs / 1000) : toNumber('seed', values.seed),
    runsMax: values.runs === undefined ? (minutes ? Number.POSITIVE_INFINITY : 1) : toNumber('runs', values.runs),
    endsAtMs: minutes === undefined ? Number.POSITIVE_INFINITY : nowMs + toNumber('minutes', minutes) * 60_000,
    kinds,
    issues: { min, max },
    stopMaxMs: toNumber('stop-max', values['stop-max']) * 1000,
    settleMs: toNumber('settle', values.settle) * 1000,
    fresh: toNumber('fresh', values.fresh),
  }
}

function toNumber(option: string, text: string): number {
  const number = Number(text)
  if (text === '' || !Number.isInteger(number) || number < 1)
    throw new Error(`--${option} takes a whole number from 1 on.`)
  return number
}
