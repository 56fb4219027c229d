import { Random } from '../../random.ts'
import {
  FAULT_WEIGHTS,
  type Fault,
  type FaultKind,
  MODEL_FAULTS,
  POISONED,
  POISONS,
  SERVICES,
  TARGETS,
} from './fault.ts'

/** The time over which the load and the faults are spread. */
export const WINDOW_MS = 6_000
const FAULTS_MIN = 2
const FAULTS_MAX = 8
const BURST_MS = 400
const STOP_MIN_MS = 500
const STOPS_MAX_MS = [1_500, 4_000, 9_000]
/** The share of stops that may be as long as the options allow; one of them takes as long as several runs. */
const LONG_STOPS = 0.04
/** Below the tolerance of tokens and leases, within it, and far beyond. */
const SHIFTS_MS = [500, 5_000, 60_000, 3_600_000]
const SHIFTED_MIN_MS = 2_000
const SHIFTED_MAX_MS = 6_000
const AWAY_MAX_MS = 3_000
/** Most cuts are short: then something that was published is missing, and all else is there. */
const CUTS_MAX = [3, 30, 300]
const LAGS_MAX_MS = [300, 1_000, 5_000]
const DROPS_MAX = 4
const EDITS_MAX = 2

export const FOLLOWED_FIELDS = ['issueStatusChanged', 'decisionMade'] as const
export type FollowedField = (typeof FOLLOWED_FIELDS)[number]
const TRANSPORTS = ['sse', 'websocket'] as const

/** A subscriber that loses its connection at `dropsMs` and returns with its last cursor. */
export type FollowerPlan = Readonly<{
  name: string
  field: FollowedField
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
  const kindsByWeight = kinds.flatMap((kind) => times(FAULT_WEIGHTS[kind], () => kind))
  const make = (): Fault => MAKE[random.pick(kindsByWeight)]({ random, atMs: momentMs(), stopMaxMs })
  const count = FAULTS_MIN + random.below(FAULTS_MAX - FAULTS_MIN + 1)
  return times(count, make).sort((a, b) => a.atMs - b.atMs)
}

type Making = Readonly<{ random: Random; atMs: number; stopMaxMs: number }>

const MAKE: Readonly<Record<FaultKind, (making: Making) => Fault>> = {
  kill: ({ random, atMs }) => ({ kind: 'kill', target: random.pick(TARGETS), atMs }),
  stop: ({ random, atMs, stopMaxMs }) => {
    const usualMaxMs = Math.min(random.pick(STOPS_MAX_MS), stopMaxMs)
    const maxMs = random.chance(LONG_STOPS) ? stopMaxMs : usualMaxMs
    return { kind: 'stop', target: random.pick(TARGETS), forMs: between(random, STOP_MIN_MS, maxMs), atMs }
  },
  clock: ({ random, atMs }) => {
    const shiftMs = random.pick(SHIFTS_MS) * (random.chance(0.5) ? 1 : -1)
    return {
      ...{ kind: 'clock', target: random.pick(SERVICES), shiftMs },
      ...{ forMs: between(random, SHIFTED_MIN_MS, SHIFTED_MAX_MS), atMs },
    }
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
  'redis-failover': ({ random, atMs }) => ({
    kind: 'redis-failover',
    lagMs: random.below(random.pick(LAGS_MAX_MS)),
    atMs,
  }),
  poison: ({ random, atMs }) => ({
    ...{ kind: 'poison', poison: random.pick(POISONS) },
    ...{ service: random.pick(POISONED), atMs },
  }),
  'disk-full': ({ random, atMs }) => ({ kind: 'disk-full', forMs: STOP_MIN_MS + random.below(AWAY_MAX_MS), atMs }),
  'job-failed': ({ atMs }) => ({ kind: 'job-failed', atMs }),
  model: ({ random, atMs }) => ({
    ...{ kind: 'model', fault: random.pick(MODEL_FAULTS) },
    ...{ forMs: STOP_MIN_MS + random.below(AWAY_MAX_MS), atMs },
  }),
}

const between = (random: Random, min: number, max: number) => min + random.below(max - min + 1)

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const sorted = (moments: readonly number[]): readonly number[] => moments.toSorted((a, b) => a - b)
