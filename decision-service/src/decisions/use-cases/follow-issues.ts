import type { Clock } from '@redress/shared/time.ts'
import type { NewReview } from '../../domain/review.ts'
import { failedEvent, madeEvent } from '../domain/decision-events.ts'
import { decisionIdFor, jobIdFor, type NewCase, toJob } from '../domain/job.ts'
import type { DecisionQueue, DecisionsTransaction } from './ports.ts'

export type IssueUpdates = Readonly<{
  cases: readonly NewCase[]
  /** Cases whose decision has not come, by the events that asked for it first. */
  overdue: readonly NewCase[]
  reviews: readonly NewReview[]
  /** Some cases may have their job already, as after the restore of their log. */
  isRepeat: boolean
}>

/** `Session` is the transaction in which the consumer notes its events as applied. */
export type FollowIssues<Session> = Readonly<{
  /**
   * Records the jobs of new cases, and the reviews. Publishes again how the jobs of overdue cases have ended.
   * @throws for a case that has its job already, unless it is a repeat
   */
  accept(updates: IssueUpdates, session: Session): Promise<void>
  /** Queues the cases once they are on record. Jobs that are queued already stay as they are. */
  enqueue(cases: readonly NewCase[]): Promise<void>
}>

type Transaction = Pick<DecisionsTransaction, 'addJobs' | 'findJobs' | 'findDecisions' | 'addEvents'>

type Dependencies<Session> = Readonly<{
  transactionIn: (session: Session) => Transaction
  recordReviews: (reviews: readonly NewReview[], session: Session) => Promise<void>
  /** Settles the payments whose cases were reviewed. */
  settlePayments: (reviews: readonly NewReview[], session: Session) => Promise<void>
  queue: Pick<DecisionQueue, 'enqueue'>
  now: Clock
  onCommit: () => void
}>

/** Has every new case decided, and keeps what people made of decisions. */
export function createFollowIssues<Session>(dependencies: Dependencies<Session>): FollowIssues<Session> {
  const { transactionIn, recordReviews, settlePayments, queue, now, onCommit } = dependencies
  return {
    async accept({ cases, overdue, reviews, isRepeat }, session) {
      const jobs = new Map([...cases, ...overdue].map((one) => toJob(one, now())).map((job) => [job.id, job]))
      const transaction = transactionIn(session)
      const { addJobs, findJobs } = transaction
      if (isRepeat || overdue.length > 0) for (const id of (await findJobs([...jobs.keys()])).keys()) jobs.delete(id)
      if (jobs.size > 0) await addJobs([...jobs.values()])
      await repeatEndings(transaction, overdue)
      await recordReviews(reviews, session)
      await settlePayments(reviews, session)
    },
    enqueue(cases) {
      onCommit()
      return queue.enqueue(cases.map(({ eventId, ...one }) => ({ id: jobIdFor(eventId), ...one })))
    },
  }
}

/** Publishes the ends of jobs once more, as the same events: the issues have not seen them. Open jobs need nothing. */
async function repeatEndings({ findJobs, findDecisions, addEvents }: Transaction, overdue: readonly NewCase[]) {
  if (overdue.length === 0) return
  const jobs = [...(await findJobs(overdue.map(({ eventId }) => jobIdFor(eventId)))).values()]
  const ended = jobs.filter(({ status }) => status === 'COMPLETED' || status === 'FAILED')
  const decisions = await findDecisions(ended.map(({ id }) => decisionIdFor(id)))
  const events = ended.flatMap((job) => {
    const decision = decisions.get(decisionIdFor(job.id))
    if (decision !== undefined) return madeEvent(decision, job, null)
    return job.failure === undefined ? [] : failedEvent(job, job.failure, job.updatedAt)
  })
  if (events.length > 0) await addEvents(events)
}
