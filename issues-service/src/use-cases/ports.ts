import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Claim } from '../domain/claim.ts'
import type { Customer, CustomerChange, PersonalData, PersonalField } from '../domain/customer.ts'
import type { RecentIssue } from '../domain/decision-case.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { ClaimChange } from '../domain/review-claim.ts'
import type { Transaction, TransactionChange } from '../domain/transaction.ts'

export type ClaimedIssue = Readonly<{ issue: Issue; claim: Claim }>

/** A customer with their latest issues (90 days, at most 50, newest first). */
export type CustomerWithHistory = Readonly<{ customer: Customer; recentIssues: readonly RecentIssue[] }>

/** Reads and writes of one transaction: all of it is stored, or nothing. */
export type IssuesTransaction = Readonly<{
  findIssues(ids: readonly string[]): Promise<ReadonlyMap<string, Issue>>
  /** The issues that were created with these keys, in any space. */
  findClaimed(keys: readonly string[]): Promise<readonly ClaimedIssue[]>
  findCustomers(ids: readonly string[], now: Date): Promise<ReadonlyMap<string, CustomerWithHistory>>
  findTransactions(ids: readonly string[]): Promise<ReadonlyMap<string, Transaction>>
  insert(opened: readonly (Change & { claim: Claim })[]): Promise<void>
  /** Stores the last state of each issue and every event. @throws ConflictError if one was changed in the meantime. */
  save(changes: readonly Change[]): Promise<void>
  saveClaim(change: ClaimChange): Promise<void>
}>

export type IssuesStore = Readonly<{
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(work: (transaction: IssuesTransaction) => Promise<T>): Promise<T>
}>

/** What was created with an external id, and the digest of the input that it was created with. */
export type ClaimedByExternalId<T> = Readonly<{ externalId: string; entity: T; digest: string }>

export type NewCustomer = CustomerChange & Readonly<{ personal: PersonalData; digest: string }>

export type CustomersTransaction = Readonly<{
  findClaimed(externalIds: readonly string[]): Promise<readonly ClaimedByExternalId<Customer>[]>
  insert(created: readonly NewCustomer[]): Promise<void>
  /** Null without such a customer; `personal` is null once it was erased. */
  find(id: string): Promise<Readonly<{ customer: Customer; personal: PersonalData | null }> | null>
  /** Stores a change, with the personal fields that have another value. */
  save(change: CustomerChange, personal: Partial<PersonalData>): Promise<void>
}>

export type CustomersStore = Readonly<{
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(work: (transaction: CustomersTransaction) => Promise<T>): Promise<T>
}>

export type NewTransaction = TransactionChange & Readonly<{ digest: string }>

export type TransactionsTransaction = Readonly<{
  findClaimed(externalIds: readonly string[]): Promise<readonly ClaimedByExternalId<Transaction>[]>
  /** Those of the ids that are customers. */
  findCustomerIds(ids: readonly string[]): Promise<ReadonlySet<string>>
  insert(created: readonly NewTransaction[]): Promise<void>
  find(id: string): Promise<Transaction | null>
  save(change: TransactionChange): Promise<void>
}>

export type TransactionsStore = Readonly<{
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(work: (transaction: TransactionsTransaction) => Promise<T>): Promise<T>
}>

/** Keyed hashes: equal values have equal hashes, which do not give the values away. */
export type BlindIndex = Readonly<{
  /** In either case, and in any form of Unicode. */
  ofEmail(email: string): string
  /** The digest of an input with personal data, whatever the order of its fields. */
  ofInput(input: object): string
  /** The id of a payment method, which stays the same for the token of a customer. */
  toMethodId(customerId: string, token: string): string
}>

/** The personal fields to be read, by customer. */
export type PersonalFieldsOf = ReadonlyMap<string, ReadonlySet<PersonalField>>

export type PersonalDataStore = Readonly<{
  /** Decrypts the fields that are wanted of each customer. Erased customers are missing in the result. */
  find(wanted: PersonalFieldsOf): Promise<ReadonlyMap<string, Partial<PersonalData>>>
}>

export type EventLog = Readonly<{ record(events: readonly DomainEvent[]): Promise<void> }>

export type CreateId = () => string
