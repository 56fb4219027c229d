import type { Clock } from '@redress/shared/time.ts'
import type { NewReview } from '../../domain/review.ts'
import { jobIdFor, type NewCase, toJob } from '../domain/job.ts'
import type { DecisionQueue, DecisionsTransaction } from './ports.ts'

export type IssueUpdates = Readonly<{
  cases: readonly NewCase[]
  reviews: readonly NewReview[]
  /** Some cases may have their job already, as after the restore of their log. */
  isRepeat: boolean
}>

/** `Session` is the transaction in which the consumer notes its events as applied. */
export type FollowIssues<Session> = Readonly<{
  /** Records the jobs of new cases, and the reviews. @throws for a case that has its job already, unless it is a repeat */
  accept(updates: IssueUpdates, session: Session): Promise<void>
  /** Queues the cases once they are on record. Jobs that are queued already stay as they are. */
  enqueue(cases: readonly NewCase[]): Promise<void>
}>

type Dependencies<Session> = Readonly<{
  transactionIn: (session: Session) => Pick<DecisionsTransaction, 'addJobs' | 'findJobs'>
  recordReviews: (reviews: readonly NewReview[], session: Session) => Promise<void>
  queue: Pick<DecisionQueue, 'enqueue'>
  now: Clock
  onCommit: () => void
}>

/** Has every new case decided, and keeps what people made of decisions. */
export function createFollowIssues<Session>(dependencies: Dependencies<Session>): FollowIssues<Session> {
  const { transactionIn, recordReviews, queue, now, onCommit } = dependencies
  return {
    async accept({ cases, reviews, isRepeat }, session) {
      const jobs = new Map(cases.map((one) => toJob(one, now())).map((job) => [job.id, job]))
      const { addJobs, findJobs } = transactionIn(session)
      if (isRepeat) for (const id of (await findJobs([...jobs.keys()])).keys()) jobs.delete(id)
      if (jobs.size > 0) await addJobs([...jobs.values()])
      await recordReviews(reviews, session)
    },
    enqueue(cases) {
      onCommit()
      return queue.enqueue(cases.map(({ eventId, ...one }) => ({ id: jobIdFor(eventId), ...one })))
    },
  }
}
