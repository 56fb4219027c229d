import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Observation } from './check/observation.ts'
import { type Before, countOpen, observe, readBefore, replayDeadLetters } from './check/observe.ts'
import type { Violation } from './check/violation.ts'
import { hastenAttempts } from './inject/hasten-attempts.ts'
import { injectFaults } from './inject/inject.ts'
import { type Caller, createCaller } from './load/caller.ts'
import { createIssues } from './load/create-issues.ts'
import { editPolicies } from './load/edit-policies.ts'
import type { Cursors } from './load/find-cursors.ts'
import { type Follower, startFollower } from './load/follow.ts'
import { copyJournal, createJournal, type Journal } from './load/journal.ts'
import { retryFailed } from './load/retry-failed.ts'
import type { Fault } from './schedule/fault.ts'
import type { FollowedField, Schedule } from './schedule/schedule.ts'
import { settle } from './settle.ts'
import type { System } from './system/system.ts'

export type RunOptions = Readonly<{
  /** Where the followers begin. */
  cursors: Cursors
  /** The most time from the end of the faults until everything is as it should be. */
  settleMs: number
  onFault: (fault: Fault) => void
  say: (line: string) => void
  signal: AbortSignal
}>

export type Outcome = Readonly<{
  violations: readonly Violation[]
  observation: Observation | null
  refusals: Readonly<Record<string, number>>
  issues: number
  /** Seconds from the end of the faults until everything was as it should be. */
  settledS: number
  /** Where the followers of the next run begin. */
  cursors: Cursors
}>

/** One run: load and faults at the same time, then the checks, repeated until they hold or the time is over. */
export async function run(system: System, schedule: Schedule, options: RunOptions): Promise<Outcome> {
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const caller = createCaller(system, signal)
  const journal = createJournal(signal)
  const before = await readBefore(caller.insist)
  const followers = schedule.followers.map((plan) => startFollower(system, plan, options.cursors[plan.field]))
  const load = startLoad(caller, schedule, journal)
  try {
    await Promise.race([injectFaults(system, journal, schedule.faults, options), untilAborted(options.signal)])
    const beganAt = performance.now()
    const timeUp = AbortSignal.any([options.signal, AbortSignal.timeout(options.settleMs)])
    await Promise.race([load, pause(options.settleMs, null, { signal: options.signal })])
    const scene = { system, caller, journal, plans: schedule.issues, followers, before }
    const { settledAt, ...settled } = await settle({
      countOpen: () => countOpen(caller.ask),
      look: (isReplayed) => lookAtAll(scene, isReplayed),
      replay: () => replayDeadLetters(caller.insist),
      timeUp,
      say: options.say,
    })
    const outcome = { refusals: Object.fromEntries(caller.refusals), issues: journal.acknowledged.size }
    return { ...settled, ...outcome, settledS: (settledAt - beganAt) / 1000, cursors: cursorsOf(schedule, followers) }
  } finally {
    ended.abort()
    await Promise.all(followers.map((follower) => follower.stop()))
  }
}

/** Resolves when every issue and every policy of the schedule is acknowledged. */
function startLoad(caller: Caller, { issues, policyEditsMs }: Schedule, journal: Journal): Promise<unknown> {
  const load = Promise.all([createIssues(caller, issues, journal), editPolicies(caller, policyEditsMs, journal)])
  load.catch(() => {})
  retryFailed(caller, journal).catch(() => {})
  return load
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

function cursorsOf({ followers: plans }: Schedule, followers: readonly Follower[]): Cursors {
  const cursors = plans.map(({ field }, index): [FollowedField, string] => [field, followers[index]!.cursor()])
  return Object.fromEntries(cursors) as Cursors
}

type Scene = Readonly<{
  system: System
  caller: Caller
  journal: Journal
  plans: Schedule['issues']
  followers: readonly Follower[]
  before: Before
}>

/**
 * Subscribers first: what they received must be stored when the issues are read, and not the other way round, because
 * the system goes on while it is read.
 */
async function lookAtAll(scene: Scene, isReplayed: boolean): Promise<Observation> {
  const { system, caller, journal, plans, before } = scene
  const followers = scene.followers.map((follower) => follower.seen())
  const { acknowledged, lastRefusals, ...acts } = copyJournal(journal)
  if (!isReplayed) await hastenAttempts(system, acts.poisons, journal.signal)
  const wanted = { issueIds: new Set(acknowledged.values()), poisonIds: acts.poisons.map(({ id }) => id) }
  const seen = await observe(caller.ask, wanted, before)
  const open = plans.filter(({ key }) => !acknowledged.has(key))
  const refused = open.map(({ key }) => ({ key, reason: lastRefusals.get(key) ?? 'not answered yet' }))
  return { ...seen, ...acts, acknowledged, refused, followers, isReplayed }
}
