import { Random } from '../../random.ts'
import { type Fault, type FaultKind, POISONS, TARGETS } from './fault.ts'

/** The time over which the load and the faults are spread. */
export const WINDOW_MS = 8_000
const FAULTS_MAX = 6
const BURST_MS = 400
const STOP_MIN_MS = 500
const AWAY_MAX_MS = 3_000
/** Most cuts are short: then something that was published is missing, and all else is there. */
const CUTS_MAX = [3, 30, 300]
const LAGS_MAX_MS = [300, 1_000, 5_000]
const DROPS_MAX = 4
const EDITS_MAX = 2

const FOLLOWED_FIELDS = ['issueStatusChanged', 'decisionMade'] as const
const TRANSPORTS = ['sse', 'websocket'] as const

/** A subscriber that loses its connection at `dropsMs` and returns with its last cursor. */
export type FollowerPlan = Readonly<{
  name: string
  field: (typeof FOLLOWED_FIELDS)[number]
  transport: (typeof TRANSPORTS)[number]
  dropsMs: readonly number[]
}>

export type IssuePlan = Readonly<{ key: string; atMs: number; kind: 'decline' | 'dispute' }>

/** Everything that one run does. Moments are milliseconds since the load began. */
export type Schedule = Readonly<{
  seed: number
  faults: readonly Fault[]
  issues: readonly IssuePlan[]
  followers: readonly FollowerPlan[]
  policyEditsMs: readonly number[]
}>

export type ScheduleOptions = Readonly<{
  seed: number
  issues: Readonly<{ min: number; max: number }>
  kinds: readonly FaultKind[]
  /** The longest stop of a process. */
  stopMaxMs: number
}>

/** The schedule of a seed: the same options give the same schedule. */
export function makeSchedule({ seed, issues, kinds, stopMaxMs }: ScheduleOptions): Schedule {
  const random = new Random(seed)
  const momentMs = () => random.below(WINDOW_MS)
  const momentsMs = (max: number) => sorted(times(random.below(max + 1), momentMs))
  const count = issues.min + random.below(issues.max - issues.min + 1)
  return {
    seed,
    faults: makeFaults(random, kinds, stopMaxMs),
    issues: times(count, (index) => ({
      key: `faults-${seed}-${index}`,
      atMs: momentMs(),
      kind: random.chance(0.25) ? 'dispute' : 'decline',
    })),
    followers: FOLLOWED_FIELDS.flatMap((field) =>
      TRANSPORTS.map((transport) => ({
        name: `${field} by ${transport}`,
        field,
        transport,
        dropsMs: momentsMs(DROPS_MAX),
      })),
    ),
    policyEditsMs: momentsMs(EDITS_MAX),
  }
}

/** Some faults, spread over the window or in a burst, because faults that overlap find more than the same ones apart. */
function makeFaults(random: Random, kinds: readonly FaultKind[], stopMaxMs: number): readonly Fault[] {
  const isBurst = random.chance(0.3)
  const burstAtMs = random.below(WINDOW_MS - BURST_MS)
  const momentMs = () => (isBurst ? burstAtMs + random.below(BURST_MS) : random.below(WINDOW_MS))
  const make = (): Fault => MAKE[random.pick(kinds)]({ random, atMs: momentMs(), stopMaxMs })
  return times(1 + random.below(FAULTS_MAX), make).sort((a, b) => a.atMs - b.atMs)
}

type Making = Readonly<{ random: Random; atMs: number; stopMaxMs: number }>

const MAKE: Readonly<Record<FaultKind, (making: Making) => Fault>> = {
  kill: ({ random, atMs }) => ({ kind: 'kill', target: random.pick(TARGETS), atMs }),
  stop: ({ random, atMs, stopMaxMs }) => {
    const forMs = STOP_MIN_MS + random.below(stopMaxMs - STOP_MIN_MS + 1)
    return { kind: 'stop', target: random.pick(TARGETS), forMs, atMs }
  },
  'redis-wiped': ({ random, atMs }) => ({ kind: 'redis-wiped', forMs: random.below(AWAY_MAX_MS), atMs }),
  'redis-truncated': ({ random, atMs }) => {
    return { kind: 'redis-truncated', entries: random.below(random.pick(CUTS_MAX)) + 1, atMs }
  },
  'redis-restored': ({ random, atMs }) => ({
    kind: 'redis-restored',
    lagMs: random.below(random.pick(LAGS_MAX_MS)),
    atMs,
  }),
  poison: ({ random, atMs }) => ({ kind: 'poison', poison: random.pick(POISONS), atMs }),
  'disk-full': ({ random, atMs }) => ({ kind: 'disk-full', forMs: STOP_MIN_MS + random.below(AWAY_MAX_MS), atMs }),
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const sorted = (moments: readonly number[]): readonly number[] => moments.toSorted((a, b) => a - b)
