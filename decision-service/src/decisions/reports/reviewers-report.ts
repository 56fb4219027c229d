import type { ReviewedDecision } from '../../domain/stored-decision.ts'
import { createGroups } from '../../jobs/reports/groups.ts'
import { createMean } from '../../jobs/reports/mean.ts'
import type { Reading, Report } from '../../jobs/reports/report.ts'
import type { Range } from '../../jobs/reports/report-order.ts'

/** The part of a reviewed decision that the report counts. */
export type ReviewFact = Pick<ReviewedDecision, 'action' | 'decidedAt' | 'review'>

/** The reviews that were made in a range of time. */
export type ReadReviewFacts = (range: Range, reading: Reading) => AsyncIterable<ReviewFact>

/** The reviews of each principal who made some, and how long their issues had waited for them. */
export function createReviewersReport(read: ReadReviewFacts): Report {
  return {
    title: 'Reviewer load',
    columns: ['reviewer', 'reviews', 'agreed', 'modified', 'rejected', 'averageWaitMs', 'longestWaitMs'],
    async *rows(range, reading) {
      const groups = createGroups(() => ({ reviews: 0, AGREED: 0, MODIFIED: 0, REJECTED: 0, waited: createMean() }))
      for await (const { action, decidedAt, review } of read(range, reading)) {
        const group = groups.of(review.reviewer)
        group.reviews += 1
        // An escalated decision recommends nothing that could be agreed with.
        if (action !== 'ESCALATE') group[review.agreement] += 1
        group.waited.add(review.at.getTime() - decidedAt.getTime())
      }
      for (const [
        [reviewer],
        { reviews, AGREED: agreed, MODIFIED: modified, REJECTED: rejected, waited },
      ] of groups.all()) {
        const counts = { reviews, agreed, modified, rejected }
        yield { reviewer: reviewer!, ...counts, averageWaitMs: waited.mean(), longestWaitMs: waited.max() }
      }
    },
  }
}
