import { hasRole } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import { AppError, BadUserInputError, toInputError } from '@redress/shared/errors.ts'
import { type FieldInfo, findRowProblems } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import { type ById, type Context, readableFilter, withinReach } from '../../views/find-visible.ts'
import type { IssueFilter, ViewsOf } from '../../views/views.ts'
import type { Issue } from '../domain/issue.ts'
import type { AssignIssue } from '../use-cases/assign-issue.ts'
import type { ClaimIssue, ReleaseIssue } from '../use-cases/claim-issue.ts'
import type { ReviewIssue, ReviewIssueCommand } from '../use-cases/review-issue.ts'
import { toRows } from './rows.ts'

type AssignArguments = ById & Readonly<{ to?: string | null; reason: string }>
type QueueArguments = PageArguments & Readonly<{ filter?: IssueFilter | null; available: boolean }>
type Dependencies = Readonly<{
  viewsOf: ViewsOf
  reviewIssue: ReviewIssue
  claimIssue: ClaimIssue
  releaseIssue: ReleaseIssue
  assignIssue: AssignIssue
}>

/** The resolvers of the queue of people. */
export function createReviewResolvers(dependencies: Dependencies) {
  const { viewsOf, reviewIssue, claimIssue, releaseIssue, assignIssue } = dependencies
  return {
    Query: createQueries(viewsOf),
    Mutation: {
      claimIssue: async (_: unknown, { id }: ById, context: Context) => ({
        issue: await claimIssue(toClaim(id, context)),
      }),
      releaseIssue: async (_: unknown, { id }: ById, context: Context) => ({
        issue: await releaseIssue(toClaim(id, context)),
      }),
      assignIssue: async (_: unknown, { id, to, reason }: AssignArguments, context: Context) => ({
        issue: await assignIssue({ issueId: id, to: to ?? null, reason, cause: causeOf(context) }),
      }),
      reviewIssue: async (_: unknown, { input }: { input: ReviewArgument }, context: Context) => ({
        issue: await reviewIssue(toReview(input, context)),
      }),
      reviewIssues: async (
        _: unknown,
        { inputs }: { inputs: readonly ReviewArgument[] },
        context: Context,
        info: FieldInfo,
      ) => {
        const refusals = findRowProblems(info, 'inputs', inputs).map(toInputError)
        const outcomes = inputs.map(
          (input, index) => refusals[index] ?? outcomeOf(reviewIssue(toReview(input, context))),
        )
        const { results, succeeded, failed } = toRows(await Promise.all(outcomes))
        return { results, reviewed: succeeded, failed }
      },
    },
  }
}

function createQueries(viewsOf: ViewsOf) {
  return {
    reviewQueue: (_: unknown, { filter, available, ...page }: QueueArguments, { principal }: Context) => {
      if (filter?.status != null)
        throw new BadUserInputError(['filter', 'status'], 'cannot apply to issues that await a review')
      const within = withinReach(readableFilter(filter, principal), principal, 'issue:read')
      return viewsOf(principal.tenant).pageOfReviewQueue(
        { filter: within, availableTo: available ? principal.id : null },
        page,
      )
    },
  }
}

/** The error of a row is its outcome; any other error is thrown. */
function outcomeOf(review: Promise<Issue>): Promise<Issue | AppError> {
  return review.catch((error: unknown) => {
    if (error instanceof AppError) return error
    throw error
  })
}

const mayOverrule = ({ principal }: Context) => hasRole(principal, 'admin')

const toClaim = (issueId: string, context: Context) => ({
  issueId,
  cause: causeOf(context),
  mayOverrule: mayOverrule(context),
})

type ReviewArgument = Readonly<{
  issueId: string
  action: ReviewIssueCommand['action']
  note?: string | null
  version?: number | null
}>

function toReview({ issueId, action, note, version }: ReviewArgument, context: Context): ReviewIssueCommand {
  return { ...toClaim(issueId, context), action, note: note ?? null, seenVersion: version ?? null }
}
