import type { PageArguments } from '@redress/shared/connection.ts'
import type { IssueDetails } from '@redress/shared/contracts.ts'
import { toInputError } from '@redress/shared/errors.ts'
import { type FieldInfo, findRowProblems } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import type { Clock } from '@redress/shared/time.ts'
import {
  type ByEitherId,
  type ById,
  type Context,
  findCustomer,
  findIssue,
  findTransaction,
  getIssue,
  readableFilter,
  toId,
  withinReach,
} from '../../views/find-visible.ts'
import type { IssueFilter, ViewsOf } from '../../views/views.ts'
import type { Issue } from '../domain/issue.ts'
import type { PaymentCase } from '../domain/payment-case.ts'
import { toRecorded } from '../domain/recorded-details.ts'
import { claimAt } from '../domain/review-claim.ts'
import { type DueHours, dueAtOf } from '../domain/urgency.ts'
import type { CreateIssue, CreateIssues } from '../use-cases/create-issues.ts'
import type { RetryIssue } from '../use-cases/retry-issue.ts'
import { type CreateIssueArgument, type PaymentCaseArgument, toIssueInput, toPaymentCase } from './issue-arguments.ts'
import { toRows } from './rows.ts'

type ListArguments = PageArguments & Readonly<{ filter?: IssueFilter | null }>
type Dependencies = Readonly<{
  createIssue: CreateIssue
  createIssues: CreateIssues
  retryIssue: RetryIssue
  viewsOf: ViewsOf
  dueHours: DueHours
  now: Clock
}>

const DETAILS_TYPES: Readonly<Record<IssueDetails['type'], string>> = {
  DECLINE: 'DeclineDetails',
  MISSED_INSTALLMENT: 'MissedInstallmentDetails',
  DISPUTE: 'DisputeDetails',
  REFUND_REQUEST: 'RefundRequestDetails',
}

/** The resolvers of issues. */
export function createIssueResolvers(dependencies: Dependencies) {
  const { viewsOf, dueHours, now } = dependencies
  return {
    Query: {
      issue: async (_: unknown, named: ByEitherId, context: Context) => {
        const id = await toId(named, viewsOf(context.principal.tenant).findIssueId)
        return id === null ? null : findIssue(id, context)
      },
      issues: (_: unknown, { filter, ...page }: ListArguments, { principal }: Context) =>
        viewsOf(principal.tenant).pageOfIssues(
          withinReach(readableFilter(filter, principal), principal, 'issue:read'),
          page,
        ),
    },
    Mutation: createMutations(dependencies),
    Issue: {
      __resolveReference: ({ id }: ById, context: Context) => getIssue(id, context),
      type: ({ details }: Issue) => details.type,
      dueAt: (issue: Issue) => (issue.status === 'RESOLVED' ? null : dueAtOf(issue, dueHours)),
      overdue: (issue: Issue) => issue.status !== 'RESOLVED' && dueAtOf(issue, dueHours) < now(),
      claim: (issue: Issue) => claimAt(issue, now()),
      claimDifferences: async ({ details, transactionId, createdAt }: Issue, _: unknown, { loaders }: Context) => {
        const payment = transactionId === null ? null : await loaders.transactions.load(transactionId)
        return toRecorded(details, payment, createdAt).differences
      },
      customer: ({ customerId }: Issue, _: unknown, context: Context) => findCustomer(customerId, context),
      transaction: ({ transactionId }: Issue, _: unknown, context: Context) =>
        transactionId === null ? null : findTransaction(transactionId, context),
    },
    PaymentCase: {
      decision: ({ decisionId }: PaymentCase) => ({ __typename: 'PaymentDecision', id: decisionId }),
    },
    IssueDetails: { __resolveType: ({ type }: IssueDetails) => DETAILS_TYPES[type] },
  }
}

function createMutations({ createIssue, createIssues, retryIssue }: Dependencies) {
  return {
    createIssue: async (_: unknown, { input }: { input: CreateIssueArgument }, context: Context) => ({
      issue: await createIssue({ input: toIssueInput(input), cause: causeOf(context) }),
    }),
    createIssues: async (_: unknown, { inputs }: RowsArgument, context: Context, info: FieldInfo) => {
      const cause = causeOf(context)
      const refusals = findRowProblems(info, 'inputs', inputs).map(toInputError)
      const fine = inputs.filter((_input, index) => refusals[index] === null)
      const outcomes = await createIssues(fine.map((input) => ({ input: toIssueInput(input), cause })))
      let next = 0
      const { results, succeeded, failed } = toRows(refusals.map((refusal) => refusal ?? outcomes[next++]!))
      return { results, created: succeeded, failed }
    },
    openPaymentCase: async (_: unknown, { input }: { input: PaymentCaseArgument }, context: Context) => ({
      issue: await createIssue({ input: toPaymentCase(input), cause: causeOf(context), space: 'payments' }),
    }),
    retryIssue: async (_: unknown, { id }: ById, context: Context) => ({
      issue: await retryIssue({ issueId: id, cause: causeOf(context) }),
    }),
  }
}

type RowsArgument = Readonly<{ inputs: readonly CreateIssueArgument[] }>
