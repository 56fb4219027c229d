import type { Customer } from '../../customers/customer.ts'
import type { ClaimedByExternalId } from '../../domain/open-once.ts'
import type { Transaction } from '../../transactions/transaction.ts'
import type { Claim } from '../domain/claim.ts'
import type { RecentIssue } from '../domain/decision-case.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { NewNote, Note } from '../domain/note.ts'
import type { ClaimChange } from '../domain/review-claim.ts'

export type ClaimedIssue = Readonly<{ issue: Issue; claim: Claim }>

/** An issue to be stored. `digest` is that of the input, if it has an external id. */
export type NewIssue = Change & Readonly<{ claim: Claim; digest: string | null }>

/** A customer with their latest issues (90 days, at most 50, newest first). */
export type CustomerWithHistory = Readonly<{ customer: Customer; recentIssues: readonly RecentIssue[] }>

/** Reads and writes of one transaction: all of it is stored, or nothing. */
export type IssuesTransaction = Readonly<{
  findIssues(ids: readonly string[]): Promise<ReadonlyMap<string, Issue>>
  /** The issues that were created with these keys, in any space. */
  findClaimed(keys: readonly string[]): Promise<readonly ClaimedIssue[]>
  findByExternalId(externalIds: readonly string[]): Promise<readonly ClaimedByExternalId<Issue>[]>
  findCustomers(ids: readonly string[], now: Date): Promise<ReadonlyMap<string, CustomerWithHistory>>
  findTransactions(ids: readonly string[]): Promise<ReadonlyMap<string, Transaction>>
  insert(opened: readonly NewIssue[]): Promise<void>
  /** Stores the last state of each issue and every event. @throws ConflictError if one was changed in the meantime. */
  save(changes: readonly Change[]): Promise<void>
  saveClaim(change: ClaimChange): Promise<void>
  findNote(id: string): Promise<Note | null>
  /** @throws TooManyLinksError where the notes of the issue would have too many links. */
  addNote(change: NewNote): Promise<void>
}>

export type IssuesStore = Readonly<{
  /** Runs `work` on one consistent state of a tenant, again after a conflict with another writer. */
  transact<T>(tenant: string, work: (transaction: IssuesTransaction) => Promise<T>): Promise<T>
}>
