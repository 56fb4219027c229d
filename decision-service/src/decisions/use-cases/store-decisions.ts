import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { madeEvent } from '../domain/decision-events.ts'
import type { DecisionJob } from '../domain/job.ts'
import type { DecisionsTransaction } from './ports.ts'

/** A job with its decision. */
export type Ending = Readonly<{
  job: DecisionJob
  decision: StoredDecision
  /** When work on the job began; null where `decision.started` was published for it. */
  startedAt: Date | null
}>

/** Further events about a decision, added in the transaction that stores it. */
export type AlertsOf = (job: DecisionJob, decision: StoredDecision) => readonly DomainEvent[]

type Options = Readonly<{ alertsOf: AlertsOf; at: Date }>

/** Stores decisions with their events, and ends their jobs. */
export async function storeDecisions(
  transaction: DecisionsTransaction,
  endings: readonly Ending[],
  { alertsOf, at }: Options,
): Promise<void> {
  if (endings.length === 0) return
  await transaction.addDecisions(endings.map(({ decision }) => decision))
  const toStart = ({ job, startedAt }: Ending) => (job.startedAt === undefined ? startedAt : null)
  for (const [startedAt, ofIt] of Map.groupBy(endings, toStart)) {
    const ids = ofIt.map(({ job }) => job.id)
    await transaction.setStatus(ids, 'COMPLETED', at, startedAt === null ? {} : { startedAt })
  }
  await transaction.addEvents(
    endings.flatMap(({ job, decision, startedAt }) => [
      madeEvent(decision, job, startedAt),
      ...alertsOf(job, decision),
    ]),
  )
}
