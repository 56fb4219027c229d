import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { findViolations } from './check/check.ts'
import type { Observation } from './check/observation.ts'
import { observe, readCounts } from './check/observe.ts'
import { isLasting, toLine, type Violation, violate } from './check/violation.ts'
import { injectFaults } from './inject/inject.ts'
import { type Caller, createCaller } from './load/caller.ts'
import { createIssues } from './load/create-issues.ts'
import { editPolicies } from './load/edit-policies.ts'
import { type Follower, startFollower } from './load/follow.ts'
import { copyJournal, createJournal, type Journal } from './load/journal.ts'
import type { Fault } from './schedule/fault.ts'
import type { Schedule } from './schedule/schedule.ts'
import type { System } from './system/system.ts'

const POLL_MS = 500
/** A repeated event may come late. */
const QUIET_MS = 1_500

export type RunOptions = Readonly<{
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
}>

/** One run: load and faults at the same time, then the checks, repeated until they hold or the time is over. */
export async function run(system: System, schedule: Schedule, options: RunOptions): Promise<Outcome> {
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const caller = createCaller(system, signal)
  const journal = createJournal(signal)
  const since = new Date().toISOString()
  const before = await readCounts(caller.insist)
  const followers = schedule.followers.map((plan) => startFollower(system, plan))
  const load = Promise.all([
    createIssues(caller, schedule.issues, journal),
    editPolicies(caller, schedule.policyEditsMs, journal),
  ])
  load.catch(() => {})
  try {
    await Promise.race([injectFaults(system, schedule.faults, options), untilAborted(options.signal)])
    const beganAt = performance.now()
    const timeUp = AbortSignal.any([options.signal, AbortSignal.timeout(options.settleMs)])
    await Promise.race([load, pause(options.settleMs, null, { signal: options.signal })])
    const look = () => lookAtAll({ caller, journal, plans: schedule.issues, followers, before, since })
    const settled = await settle(look, timeUp, options.say)
    const settledS = (performance.now() - beganAt - QUIET_MS) / 1000
    return { ...settled, refusals: Object.fromEntries(caller.refusals), issues: journal.acknowledged.size, settledS }
  } finally {
    ended.abort()
    await Promise.all(followers.map((follower) => follower.stop()))
  }
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

type Scene = Readonly<{
  caller: Caller
  journal: Journal
  plans: Schedule['issues']
  followers: readonly Follower[]
  before: Awaited<ReturnType<typeof readCounts>>
  since: string
}>

/**
 * Subscribers first: what they received must be stored when the issues are read, and not the other way round, because
 * the system goes on while it is read.
 */
async function lookAtAll({ caller, journal, plans, followers, before, since }: Scene): Promise<Observation> {
  const followed = followers.map((follower) => follower.seen())
  const { acknowledged, reviewed, publishedPolicies, lastRefusals } = copyJournal(journal)
  const { counts, ...seen } = await observe(caller.ask, new Set(acknowledged.values()), since)
  const open = plans.filter(({ key }) => !acknowledged.has(key))
  return {
    ...seen,
    acknowledged,
    reviewed,
    publishedPolicies,
    refused: open.map(({ key }) => ({ key, reason: lastRefusals.get(key) ?? 'not answered yet' })),
    stored: { before: before.stored, after: counts.stored },
    analytics: { before: before.analytics, after: counts.analytics },
    followers: followed,
  }
}

type Settled = Pick<Outcome, 'violations' | 'observation'>

/** Repeats the checks until they hold twice with a quiet time between, or cannot hold any more. */
async function settle(
  look: () => Promise<Observation>,
  timeUp: AbortSignal,
  say: (line: string) => void,
): Promise<Settled> {
  let observation: Observation | null = null
  let violations: readonly Violation[] = [violate('refused', 'checks', 'nothing could be read')]
  for (let held = 0; held < 2; ) {
    try {
      observation = await look()
      violations = findViolations(observation)
      say(`${violations.length} differences${violations[0] ? `, the first: ${toLine(violations[0])}` : ''}`)
    } catch (error) {
      violations = [violate('refused', 'checks', String(error))]
    }
    held = violations.length === 0 ? held + 1 : 0
    if (timeUp.aborted || violations.some(isLasting)) break
    await pause(held > 0 ? QUIET_MS : POLL_MS)
  }
  return { violations, observation }
}
