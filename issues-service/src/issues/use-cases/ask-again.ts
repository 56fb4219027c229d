import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { createLooks } from '@redress/shared/resilience/looks.ts'
import { type Clock, MINUTE_MS } from '@redress/shared/time.ts'
import type { EventLog } from '../../domain/ports.ts'
import type { StuckIssues } from '../../views/views.ts'
import { type Issue, overdueEvent } from '../domain/issue.ts'
import type { IssuesStore } from './ports.ts'
import { readCases } from './read-cases.ts'

const LOOK_AGAIN = { firstMs: MINUTE_MS, maxMs: 60 * MINUTE_MS }
const PAGE = 200
const PAGES_MAX = 50

type Dependencies = Readonly<{
  store: IssuesStore
  stuckIssues: StuckIssues
  events: EventLog
  /** An issue is stuck that is PROCESSING for so long. */
  stuckAfterMs: number
  now: Clock
}>

type Rule = Readonly<{
  status: 'PROCESSING' | 'PENDING'
  /** How many times `stuckAfterMs` it takes to be stuck. */
  patience: number
  /** How many issues one round asks for; the others wait for the next one. */
  perRound: number
}>

const RULES: readonly Rule[] = [
  { status: 'PROCESSING', patience: 1, perRound: PAGE * PAGES_MAX },
  // In a long queue, or while models are away, many wait that will have their turn: to ask for all would add to the load.
  { status: 'PENDING', patience: 6, perRound: PAGE },
]

/**
 * Asks again for the decision of issues that are stuck: in PROCESSING, or in PENDING for much longer, as where the other
 * service has lost the job. The event names the first request. An issue is asked for only when two rounds have found it,
 * since a service that was away has to catch up first, and then less and less often.
 * @returns what runs a round, and gives how many issues were asked for.
 */
export function createAskAgain(dependencies: Dependencies) {
  const rounds = RULES.map((rule) => createRound(rule, dependencies))
  return async (signal?: AbortSignal): Promise<number> => {
    let count = 0
    for (const round of rounds) count += await round(signal)
    return count
  }
}

function createRound(rule: Rule, { store, stuckIssues, events, stuckAfterMs, now }: Dependencies) {
  const looks = createLooks(LOOK_AGAIN)

  const findDue = async (at: Date, signal: AbortSignal | undefined): Promise<readonly Issue[]> => {
    const since = new Date(at.getTime() - rule.patience * stuckAfterMs)
    const due: Issue[] = []
    let after: Issue | null = null
    for (let pages = 0; pages < PAGES_MAX && due.length < rule.perRound; pages++) {
      signal?.throwIfAborted()
      const stuck: readonly Issue[] = await stuckIssues.findStuck({ status: rule.status, since, after, limit: PAGE })
      due.push(...stuck.filter(({ id }) => looks.isDue(id, at.getTime())))
      if (stuck.length < PAGE) break
      after = stuck.at(-1)!
    }
    return due.slice(0, rule.perRound)
  }

  return async (signal?: AbortSignal): Promise<number> => {
    const at = now()
    const due = await findDue(at, signal)
    const asked = due.filter(({ id }) => !looks.isNew(id))
    let count = 0
    for (let from = 0; from < asked.length; from += PAGE) {
      signal?.throwIfAborted()
      for (const [tenant, batch] of Map.groupBy(asked.slice(from, from + PAGE), (issue) => issue.tenant)) {
        const cases = await store.transact(tenant, (transaction) => readCases(transaction, batch, at))
        const asking = toEvents(batch, cases, at)
        await events.record(asking)
        count += asking.length
      }
    }
    looks.note(
      due.map(({ id }) => id),
      at.getTime(),
    )
    return count
  }
}

/** The issue of a customer who was erased has no case: nothing is asked for it. */
function toEvents(issues: readonly Issue[], cases: ReadonlyMap<string, DecisionCase>, at: Date): DomainEvent[] {
  return issues.flatMap((issue) => {
    const decisionCase = cases.get(issue.id)
    return decisionCase ? overdueEvent(issue, decisionCase, at) : []
  })
}
