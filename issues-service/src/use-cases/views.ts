import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { IssueStatus, IssueType, Priority } from '@redress/shared/contracts.ts'
import type { Customer } from '../domain/customer.ts'
import type { Issue } from '../domain/issue.ts'
import type { Transaction } from '../domain/transaction.ts'

/** Every given condition must hold; a list holds when one of its values does. */
export type IssueFilter = Readonly<{
  status?: readonly IssueStatus[] | null
  type?: readonly IssueType[] | null
  priority?: readonly Priority[] | null
  customerId?: string | null
  /** Included. */
  from?: Date | null
  /** Excluded, as the two below. */
  to?: Date | null
  createdAfter?: Date | null
  createdBefore?: Date | null
}>

/** Read access. Finders keep the order of the ids, with null for a missing one. Pages are newest first. */
export type Views = Readonly<{
  findIssues(ids: readonly string[]): Promise<readonly (Issue | null)[]>
  findCustomers(ids: readonly string[]): Promise<readonly (Customer | null)[]>
  findTransactions(ids: readonly string[]): Promise<readonly (Transaction | null)[]>
  pageOfIssues(filter: IssueFilter, page: PageArguments): Promise<Connection<Issue>>
  /** With a status and unchanged since before a moment, in the order of their creation, beyond `after`. */
  findStuck(
    page: Readonly<{ status: IssueStatus; since: Date; after: Issue | null; limit: number }>,
  ): Promise<readonly Issue[]>
  /** The same page of the payments of each customer, in the order of the ids. */
  pagesOfTransactions(customerIds: readonly string[], page: PageArguments): Promise<readonly Connection<Transaction>[]>
  /** The same page of the issues of each customer, in the order of the ids. */
  pagesOfIssues(
    customerIds: readonly string[],
    filter: IssueFilter,
    page: PageArguments,
  ): Promise<readonly Connection<Issue>[]>
}>
