import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import type { IssueDetails } from '@redress/shared/contracts.ts'
import { AppError, BadUserInputError, type InputProblem } from '@redress/shared/errors.ts'
import { type FieldInfo, findRowProblems } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import { DetailsMismatchError } from '../domain/errors.ts'
import type { Issue } from '../domain/issue.ts'
import { toRecorded } from '../domain/recorded-details.ts'
import type { CreateIssue, CreateIssues } from '../use-cases/create-issues.ts'
import type { RetryIssue } from '../use-cases/retry-issue.ts'
import type { ReviewIssue, ReviewIssueCommand } from '../use-cases/review-issue.ts'
import type { IssueFilter, Views } from '../use-cases/views.ts'
import { type ById, type Context, findCustomer, findIssue, findTransaction } from './find-visible.ts'
import { type CreateIssueArgument, type PaymentCaseArgument, toIssueInput, toPaymentCase } from './issue-arguments.ts'

type ListArguments = PageArguments & Readonly<{ filter?: IssueFilter | null }>
type Dependencies = Readonly<{
  createIssue: CreateIssue
  createIssues: CreateIssues
  reviewIssue: ReviewIssue
  retryIssue: RetryIssue
  views: Views
}>

const DETAILS_TYPES: Readonly<Record<IssueDetails['type'], string>> = {
  DECLINE: 'DeclineDetails',
  MISSED_INSTALLMENT: 'MissedInstallmentDetails',
  DISPUTE: 'DisputeDetails',
  REFUND_REQUEST: 'RefundRequestDetails',
}

/** The resolvers of issues. */
export function createIssueResolvers(dependencies: Dependencies) {
  const { views } = dependencies
  return {
    Query: {
      issue: (_: unknown, { id }: ById, context: Context) => findIssue(id, context),
      issues: (_: unknown, { filter, ...page }: ListArguments, { principal }: Context) =>
        views.pageOfIssues(withinReach(filter ?? {}, principal), page),
    },
    Mutation: createMutations(dependencies),
    Issue: {
      __resolveReference: ({ id }: ById, context: Context) => findIssue(id, context),
      type: ({ details }: Issue) => details.type,
      claimDifferences: async ({ details, transactionId, createdAt }: Issue, _: unknown, { loaders }: Context) => {
        const payment = transactionId === null ? null : await loaders.transactions.load(transactionId)
        return toRecorded(details, payment, createdAt).differences
      },
      customer: ({ customerId }: Issue, _: unknown, context: Context) => findCustomer(customerId, context),
      transaction: ({ transactionId }: Issue, _: unknown, context: Context) =>
        transactionId === null ? null : findTransaction(transactionId, context),
    },
    IssueDetails: { __resolveType: ({ type }: IssueDetails) => DETAILS_TYPES[type] },
  }
}

function createMutations({ createIssue, createIssues, reviewIssue, retryIssue }: Dependencies) {
  return {
    createIssue: async (_: unknown, { input }: { input: CreateIssueArgument }, context: Context) => ({
      issue: await createIssue({ input: toIssueInput(input), cause: causeOf(context) }),
    }),
    createIssues: async (_: unknown, { inputs }: RowsArgument, context: Context, info: FieldInfo) => {
      const cause = causeOf(context)
      const refusals = findRowProblems(info, 'inputs', inputs).map(toRefusal)
      const fine = inputs.filter((_input, index) => refusals[index] === null)
      const outcomes = await createIssues(fine.map((input) => ({ input: toIssueInput(input), cause })))
      let next = 0
      return toRows(refusals.map((refusal) => refusal ?? outcomes[next++]!))
    },
    openPaymentCase: async (_: unknown, { input }: { input: PaymentCaseArgument }, context: Context) => ({
      issue: await createIssue({ input: toPaymentCase(input), cause: causeOf(context), space: 'payments' }),
    }),
    reviewIssue: async (_: unknown, { input }: { input: ReviewArgument }, context: Context) => ({
      issue: await reviewIssue(toReview(input, context)),
    }),
    retryIssue: async (_: unknown, { id }: ById, context: Context) => ({
      issue: await retryIssue({ issueId: id, cause: causeOf(context) }),
    }),
  }
}

function withinReach(filter: IssueFilter, principal: Principal): IssueFilter {
  return reachOf(principal, 'issue:read') === 'own' ? { ...filter, customerId: principal.customerId } : filter
}

type RowsArgument = Readonly<{ inputs: readonly CreateIssueArgument[] }>

const toRefusal = ([first, ...more]: readonly InputProblem[]) =>
  first === undefined ? null : new BadUserInputError(first.path, first.message, more)

type ReviewArgument = Readonly<{
  issueId: string
  action: ReviewIssueCommand['action']
  note?: string | null
  version?: number | null
}>

function toReview({ issueId, action, note, version }: ReviewArgument, context: Context): ReviewIssueCommand {
  return { issueId, action, note: note ?? null, seenVersion: version ?? null, cause: causeOf(context) }
}

/** The place of a row's problem in the arguments, from the place in the input of the row. */
const placeOfRow = (path: readonly string[], index: number) => ['inputs', String(index), ...path.slice(1)]

function problemsOfRow({ facts }: BadUserInputError, index: number) {
  return facts.problems.map(({ path, ...problem }) => ({ ...problem, path: placeOfRow(path, index) }))
}

function toRows(outcomes: readonly (Issue | AppError)[]) {
  const results = outcomes.map((outcome, index) => {
    if (!(outcome instanceof AppError)) return { index, issue: outcome, error: null }
    const problems = outcome instanceof BadUserInputError ? problemsOfRow(outcome, index) : null
    const isPlaced = outcome instanceof BadUserInputError || outcome instanceof DetailsMismatchError
    const path = isPlaced ? placeOfRow(outcome.facts.argumentPath, index) : null
    return { index, issue: null, error: { code: outcome.code, message: outcome.message, path, problems } }
  })
  const failed = results.filter(({ error }) => error !== null).length
  return { results, created: results.length - failed, failed }
}
