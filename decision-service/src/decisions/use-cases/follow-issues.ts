import type { Clock } from '@redress/shared/time.ts'
import type { NewReview } from '../../domain/review.ts'
import { type DecisionJob, jobIdFor, type NewCase, toJob } from '../domain/job.ts'
import type { DecisionQueue, DecisionsTransaction } from './ports.ts'

/** `Session` is the transaction in which the consumer notes its events as applied. */
export type FollowIssues<Session> = Readonly<{
  /** Records the jobs of new cases, and the reviews. */
  accept(
    updates: Readonly<{ cases: readonly NewCase[]; reviews: readonly NewReview[] }>,
    session: Session,
  ): Promise<void>
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
    async accept({ cases, reviews }, session) {
      if (cases.length > 0)
        await addNewJobs(
          transactionIn(session),
          cases.map((one) => toJob(one, now())),
        )
      await recordReviews(reviews, session)
    },
    enqueue(cases) {
      onCommit()
      return queue.enqueue(cases.map(({ eventId, ...one }) => ({ id: jobIdFor(eventId), ...one })))
    },
  }
}

/** A case that comes again, as after a restore of its log, has its job already. */
async function addNewJobs(
  { addJobs, findJobs }: Pick<DecisionsTransaction, 'addJobs' | 'findJobs'>,
  jobs: readonly DecisionJob[],
): Promise<void> {
  const added = new Map(jobs.map((job) => [job.id, job]))
  for (const id of (await findJobs([...added.keys()])).keys()) added.delete(id)
  if (added.size > 0) await addJobs([...added.values()])
}
