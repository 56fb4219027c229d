import { can, type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import { BadUserInputError, ForbiddenError } from '@redress/shared/errors.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Customer } from '../customers/customer.ts'
import { IssueNotFoundError } from '../domain/errors.ts'
import type { Issue } from '../issues/domain/issue.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { Loaders } from './loaders.ts'
import type { IssueFilter, IssueOwners } from './views.ts'

export type Context = RequestContext<Loaders>
export type ById = Readonly<{ id: string }>
/** One of the two names something: its id, or its id in the company's own systems. */
export type ByEitherId = Readonly<{ id?: string | null; externalId?: string | null }>

export async function findIssue(id: string, { loaders, principal }: Context): Promise<Issue | null> {
  const issue = await loaders.issues.load(id)
  return visible(issue, issue?.customerId, principal, 'issue:read')
}

/**
 * The issue that another subgraph refers to. It may have been deleted for good: null without an error would be a fault of
 * this subgraph to a gateway.
 * @throws IssueNotFoundError
 */
export async function getIssue(id: string, context: Context): Promise<Issue> {
  const issue = await findIssue(id, context)
  if (issue === null) throw new IssueNotFoundError(id)
  return issue
}

export async function findCustomer(id: string, { loaders, principal }: Context): Promise<Customer | null> {
  const customer = await loaders.customers.load(id)
  return visible(customer, customer?.id, principal, 'customer:read')
}

export async function findTransaction(id: string, { loaders, principal }: Context): Promise<Transaction | null> {
  const transaction = await loaders.transactions.load(id)
  return visible(transaction, transaction?.customerId, principal, 'transaction:read')
}

/** Null for something of another customer if the caller may see only their own, as if it did not exist. */
function visible<T>(found: T | null, ownerId: string | undefined, principal: Principal, permission: string): T | null {
  return found !== null && can(principal, permission, ownerId) ? found : null
}

/**
 * The id of what an argument names.
 * @throws BadUserInputError unless exactly one of the two is given.
 */
export async function toId(
  { id, externalId }: ByEitherId,
  find: (externalId: string) => Promise<string | null>,
): Promise<string | null> {
  if ((id == null) === (externalId == null)) {
    throw new BadUserInputError(['id'], 'or externalId must be given, and not both')
  }
  return id ?? find(externalId!)
}

type IssuesArguments = PageArguments & Readonly<{ filter?: IssueFilter | null }>

/**
 * A page of the issues of one customer, or of one payment.
 * @throws BadUserInputError for a filter by another one.
 */
export function pageOfIssues(
  of: IssueOwners['field'],
  id: string,
  { filter, ...page }: IssuesArguments,
  context: Context,
) {
  if (filter?.[of] != null) {
    const owner = of === 'customerId' ? 'customer' : 'payment'
    throw new BadUserInputError(['filter', of], `cannot apply to the issues of one ${owner}`)
  }
  return context.loaders.issuePages({ ...page, of, filter: readableFilter(filter, context.principal) }).load(id)
}

/** @throws ForbiddenError for a filter by assignee of a caller who may not see the assignee of an issue. */
export function readableFilter(filter: IssueFilter | null | undefined, principal: Principal): IssueFilter {
  if (filter?.assignee != null && !can(principal, 'issue:read_internal'))
    throw new ForbiddenError('issue:read_internal:*')
  return filter ?? {}
}

/** A filter that keeps callers who may only see their own to that, whatever customer they name. */
export function withinReach<F extends Readonly<{ customerId?: string | null }>>(
  filter: F | null | undefined,
  principal: Principal,
  permission: string,
) {
  return reachOf(principal, permission) === 'own' ? { ...filter, customerId: principal.customerId } : { ...filter }
}
