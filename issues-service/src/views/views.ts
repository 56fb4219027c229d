import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { IssueStatus, IssueType, Priority, TransactionStatus } from '@redress/shared/contracts.ts'
import type { Customer } from '../customers/customer.ts'
import type { Issue } from '../issues/domain/issue.ts'
import type { Note } from '../issues/domain/note.ts'
import type { Transaction } from '../transactions/transaction.ts'

/** Every given condition must hold; a list holds when one of its values does. */
export type IssueFilter = Readonly<{
  status?: readonly IssueStatus[] | null
  type?: readonly IssueType[] | null
  priority?: readonly Priority[] | null
  customerId?: string | null
  transactionId?: string | null
  /** Included. */
  from?: Date | null
  /** Excluded, as the two below. */
  to?: Date | null
  createdAfter?: Date | null
  createdBefore?: Date | null
  overdue?: boolean | null
  /** The person who is to deal with it. */
  assignee?: string | null
}>

/** Every given condition must hold. */
export type ArchiveFilter = Pick<IssueFilter, 'type' | 'customerId' | 'transactionId' | 'from' | 'to'>

/** Those that wait for a person. */
export type ReviewQueue = Readonly<{
  filter: Omit<IssueFilter, 'status'>
  /** Without those that another person than this one has claimed, or is to deal with; null for all. */
  availableTo: string | null
}>

export type ListOrder = 'NEWEST_FIRST' | 'OLDEST_FIRST'

/** Every given condition must hold. */
export type CustomerFilter = Readonly<{
  /** In either case. */
  email?: string | null
  /** Included. */
  from?: Date | null
  /** Excluded. */
  to?: Date | null
}>

/** Every given condition must hold; a list holds when one of its values does. */
export type TransactionFilter = Readonly<{
  customerId?: string | null
  merchant?: string | null
  status?: readonly TransactionStatus[] | null
  /** Both ends included. */
  amount?: Readonly<{ currency: string; min?: number | null; max?: number | null }> | null
  /** Included. */
  from?: Date | null
  /** Excluded. */
  to?: Date | null
}>

/** The customers, or the payments, whose issues are read. */
export type IssueOwners = Readonly<{ field: 'customerId' | 'transactionId'; ids: readonly string[] }>

/** Read access to the data of one tenant. Finders keep the order of the ids, with null for a missing one. Pages are newest first. */
export type Views = Readonly<{
  /** Archived ones, too. */
  findIssues(ids: readonly string[]): Promise<readonly (Issue | null)[]>
  findCustomers(ids: readonly string[]): Promise<readonly (Customer | null)[]>
  findTransactions(ids: readonly string[]): Promise<readonly (Transaction | null)[]>
  pageOfIssues(filter: IssueFilter, page: PageArguments): Promise<Connection<Issue>>
  pageOfArchivedIssues(filter: ArchiveFilter, page: PageArguments): Promise<Connection<Issue>>
  /** The most urgent first. */
  pageOfReviewQueue(queue: ReviewQueue, page: PageArguments): Promise<Connection<Issue>>
  /** The id of the issue with an external id; null if there is none. */
  findIssueId(externalId: string): Promise<string | null>
  /** The id of the customer with an external id; null if there is none. */
  findCustomerId(externalId: string): Promise<string | null>
  /** The id of the payment with an external id; null if there is none. */
  findTransactionId(externalId: string): Promise<string | null>
  /** @param only the one customer who may be in the list; null for all. */
  pageOfCustomers(
    list: Readonly<{ filter: CustomerFilter; only: string | null; order: ListOrder }>,
    page: PageArguments,
  ): Promise<Connection<Customer>>
  /** By amount only with one in the filter. */
  pageOfTransactions(
    list: Readonly<{ filter: TransactionFilter; order: ListOrder | 'HIGHEST_AMOUNT_FIRST' }>,
    page: PageArguments,
  ): Promise<Connection<Transaction>>
  /** The same page of the payments of each customer, in the order of the ids. */
  pagesOfTransactions(customerIds: readonly string[], page: PageArguments): Promise<readonly Connection<Transaction>[]>
  /** The same page of the notes of each issue, oldest first, in the order of the ids. */
  pagesOfNotes(issueIds: readonly string[], page: PageArguments): Promise<readonly Connection<Note>[]>
  /** The same page of the issues of each customer, or of each payment, in the order of the ids. */
  pagesOfIssues(owners: IssueOwners, filter: IssueFilter, page: PageArguments): Promise<readonly Connection<Issue>[]>
}>

export type ViewsOf = (tenant: string) => Views

/** Issues of all tenants. */
export type StuckIssues = Readonly<{
  /** With a status and unchanged since before a moment, in the order of their creation, beyond `after`. */
  findStuck(
    page: Readonly<{ status: IssueStatus; since: Date; after: Issue | null; limit: number }>,
  ): Promise<readonly Issue[]>
}>
