import { can, type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import type { IssueDetails } from '@redress/shared/contracts.ts'
import { AppError, BadUserInputError, ForbiddenError, type InputProblem } from '@redress/shared/errors.ts'
import { type FieldInfo, findRowProblems } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Customer, PersonalData } from '../domain/customer.ts'
import type { Issue } from '../domain/issue.ts'
import type { Transaction } from '../domain/transaction.ts'
import type { CreateIssue, CreateIssues } from '../use-cases/create-issues.ts'
import type { RetryIssue } from '../use-cases/retry-issue.ts'
import type { ReviewIssue, ReviewIssueCommand } from '../use-cases/review-issue.ts'
import type { IssueFilter, Views } from '../use-cases/views.ts'
import { type CreateIssueArgument, type PaymentCaseArgument, toIssueInput, toPaymentCase } from './issue-arguments.ts'
import type { Loaders } from './loaders.ts'

type Context = RequestContext<Loaders>
type ById = Readonly<{ id: string }>
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

/** GraphQL on one side, use cases on the other. */
export function createResolvers(dependencies: Dependencies) {
  const { views } = dependencies
  return {
    Query: {
      issue: (_: unknown, { id }: ById, context: Context) => findIssue(id, context),
      customer: (_: unknown, { id }: ById, context: Context) => findCustomer(id, context),
      transaction: (_: unknown, { id }: ById, context: Context) => findTransaction(id, context),
      issues: (_: unknown, { filter, ...page }: ListArguments, { principal }: Context) =>
        views.pageOfIssues(withinReach(filter ?? {}, principal), page),
    },
    Mutation: createMutations(dependencies),
    Issue: {
      __resolveReference: ({ id }: ById, context: Context) => findIssue(id, context),
      type: ({ details }: Issue) => details.type,
      customer: ({ customerId }: Issue, _: unknown, context: Context) => findCustomer(customerId, context),
      transaction: ({ transactionId }: Issue, _: unknown, context: Context) =>
        transactionId === null ? null : findTransaction(transactionId, context),
    },
    IssueDetails: { __resolveType: ({ type }: IssueDetails) => DETAILS_TYPES[type] },
    Customer: {
      __resolveReference: ({ id }: ById, context: Context) => findCustomer(id, context),
      email: (customer: Customer, _: unknown, context: Context) => personal(customer, 'email', context),
      name: (customer: Customer, _: unknown, context: Context) => personal(customer, 'name', context),
      transactions: ({ id }: Customer, page: PageArguments, { loaders }: Context) =>
        loaders.transactionPages(page).load(id),
      issues: ({ id }: Customer, { filter, ...page }: ListArguments, { loaders }: Context) => {
        if (filter?.customerId != null)
          throw new BadUserInputError(['filter', 'customerId'], 'cannot apply to the issues of one customer')
        return loaders.issuePages({ ...page, filter: filter ?? {} }).load(id)
      },
    },
    Transaction: {
      __resolveReference: ({ id }: ById, context: Context) => findTransaction(id, context),
      customer: ({ customerId }: Transaction, _: unknown, context: Context) => findCustomer(customerId, context),
    },
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

async function findIssue(id: string, { loaders, principal }: Context): Promise<Issue | null> {
  const issue = await loaders.issues.load(id)
  return visible(issue, issue?.customerId, principal, 'issue:read')
}

async function findCustomer(id: string, { loaders, principal }: Context): Promise<Customer | null> {
  const customer = await loaders.customers.load(id)
  return visible(customer, customer?.id, principal, 'customer:read')
}

async function findTransaction(id: string, { loaders, principal }: Context): Promise<Transaction | null> {
  const transaction = await loaders.transactions.load(id)
  return visible(transaction, transaction?.customerId, principal, 'transaction:read')
}

/** Null for something of another customer if the caller may see only their own, as if it did not exist. */
function visible<T>(found: T | null, ownerId: string | undefined, principal: Principal, permission: string): T | null {
  return found !== null && can(principal, permission, ownerId) ? found : null
}

function withinReach(filter: IssueFilter, principal: Principal): IssueFilter {
  return reachOf(principal, 'issue:read') === 'own' ? { ...filter, customerId: principal.customerId } : filter
}

async function personal({ id }: Customer, field: keyof PersonalData, context: Context): Promise<string | null> {
  if (!can(context.principal, 'customer:read_pii', id)) throw new ForbiddenError('customer:read_pii:*')
  const data = await context.loaders.personalData(causeOf(context)).load(id)
  return data?.[field] ?? null
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

/** The problems of one row, whose paths begin with its name in the arguments. */
function problemsOfRow({ facts }: BadUserInputError, index: number) {
  return facts.problems.map(({ path, ...problem }) => ({
    ...problem,
    path: ['inputs', String(index), ...path.slice(1)],
  }))
}

function toRows(outcomes: readonly (Issue | AppError)[]) {
  const results = outcomes.map((outcome, index) => {
    if (!(outcome instanceof AppError)) return { index, issue: outcome, error: null }
    const problems = outcome instanceof BadUserInputError ? problemsOfRow(outcome, index) : null
    const path = problems?.[0]?.path ?? null
    return { index, issue: null, error: { code: outcome.code, message: outcome.message, path, problems } }
  })
  const failed = results.filter(({ error }) => error !== null).length
  return { results, created: results.length - failed, failed }
}
