import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Customer, PersonalData } from '../domain/customer.ts'
import type { RecentIssue } from '../domain/decision-case.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { Transaction } from '../domain/transaction.ts'

/** An issue as it was asked for: by which key, and a digest of the whole input. */
export type Claim = Readonly<{ key: string; digest: string }>
export type ClaimedIssue = Readonly<{ issue: Issue; claim: Claim }>

/** A customer with their latest issues (90 days, at most 50, newest first). */
export type CustomerWithHistory = Readonly<{ customer: Customer; recentIssues: readonly RecentIssue[] }>

/** What can be read and written as one: all of it is stored, or nothing. */
export type IssuesTransaction = Readonly<{
  findIssues(ids: readonly string[]): Promise<ReadonlyMap<string, Issue>>
  findClaimed(keys: readonly string[]): Promise<ReadonlyMap<string, ClaimedIssue>>
  findCustomers(ids: readonly string[], now: Date): Promise<ReadonlyMap<string, CustomerWithHistory>>
  findTransactions(ids: readonly string[]): Promise<ReadonlyMap<string, Transaction>>
  insert(opened: readonly (Change & { claim: Claim })[]): Promise<void>
  /** Stores the last state of each issue and every event on the way. @throws ConflictError when one was changed meanwhile. */
  save(changes: readonly Change[]): Promise<void>
}>

export type IssuesStore = Readonly<{
  /** Runs `work` on one consistent state; it may run again when another writer was faster. */
  transact<T>(work: (transaction: IssuesTransaction) => Promise<T>): Promise<T>
}>

export type PersonalDataStore = Readonly<{
  /** Decrypts. Customers without personal data are missing in the answer. */
  find(customerIds: readonly string[]): Promise<ReadonlyMap<string, PersonalData>>
}>

export type EventLog = Readonly<{ record(events: readonly DomainEvent[]): Promise<void> }>

export type CreateId = () => string
