import type { IssueType } from '@redress/shared/contracts.ts'
import {
  DEAD_EVENTS,
  EVENT_ALERTS,
  EVENT_LOG,
  EVENT_LOG_GROUPS,
  EVENT_POSITIONS,
  OUTBOX,
} from '@redress/shared/events/event-collections.ts'
import { type CollectionsOf, defineCollection } from '@redress/shared/stores/collections.ts'
import type { Claim } from '../domain/claim.ts'
import type { Customer } from '../domain/customer.ts'
import type { Issue } from '../domain/issue.ts'
import type { Transaction } from '../domain/transaction.ts'

/** A domain type as it is stored. Only this folder sees documents. */
type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string }

/** `claim` is the idempotency key that the issue was created with. */
export type IssueDocument = Omit<Stored<Issue>, 'customerMessage'> & {
  /** Missing in issues that are older than the field. */
  customerMessage?: string | null
  type: IssueType
  /** `space` is missing in issues that are older than the field. */
  claim: Omit<Claim, 'space'> & Partial<Pick<Claim, 'space'>>
}
export type TransactionDocument = Stored<Transaction>
export type CustomerDocument = Stored<Customer> & { emailSealed: string; nameSealed: string }
/** The data key of a customer, wrapped by the master key. Deleting it erases what was encrypted with it. */
export type DataKeyDocument = { _id: string; wrapped: string }

/** Every collection of this service, and every index: each query has one. */
export const COLLECTIONS = {
  issues: defineCollection<IssueDocument>({
    name: 'issues',
    owner: 'customerId',
    personalFields: ['customerMessage', 'resolution.note'],
    formerIndexes: ['claim'],
    indexes: [
      { key: { 'claim.key': 1, 'claim.space': 1 }, name: 'claim_in_space', unique: true },
      { key: { createdAt: 1, _id: 1 }, name: 'newest' },
      { key: { status: 1, createdAt: 1, _id: 1 }, name: 'newest_by_status' },
      { key: { type: 1, createdAt: 1, _id: 1 }, name: 'newest_by_type' },
      { key: { priority: 1, createdAt: 1, _id: 1 }, name: 'newest_by_priority' },
      { key: { customerId: 1, createdAt: 1, _id: 1 }, name: 'newest_by_customer' },
    ],
  }),
  transactions: defineCollection<TransactionDocument>({
    name: 'transactions',
    owner: 'customerId',
    indexes: [{ key: { customerId: 1, createdAt: 1, _id: 1 }, name: 'newest_by_customer' }],
  }),
  customers: defineCollection<CustomerDocument>({
    name: 'customers',
    owner: '_id',
    personalFields: ['emailSealed', 'nameSealed'],
  }),
  dataKeys: defineCollection<DataKeyDocument>({ name: 'data_keys', owner: '_id', personalFields: ['wrapped'] }),
  outbox: OUTBOX,
  eventLog: EVENT_LOG,
  eventLogGroups: EVENT_LOG_GROUPS,
  positions: EVENT_POSITIONS,
  eventAlerts: EVENT_ALERTS,
  deadEvents: DEAD_EVENTS,
}
export type Collections = CollectionsOf<typeof COLLECTIONS>

export function toIssue({ _id, claim: _, type: _type, customerMessage = null, ...rest }: IssueDocument): Issue {
  return { id: _id, ...rest, customerMessage }
}

export function toTransaction({ _id, ...rest }: TransactionDocument): Transaction {
  return { id: _id, ...rest }
}

export function toCustomer({
  _id,
  riskScore,
  createdAt,
}: Pick<CustomerDocument, '_id' | 'riskScore' | 'createdAt'>): Customer {
  return { id: _id, riskScore, createdAt }
}
