import type { IssueType } from '@redress/shared/contracts.ts'
import type { Db } from 'mongodb'
import type { Customer } from '../domain/customer.ts'
import type { Issue } from '../domain/issue.ts'
import type { Transaction } from '../domain/transaction.ts'

/** How things lie in MongoDB. Only this folder sees it. */
type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string }

/** `claim` is by which key and input the issue was opened. */
export type IssueDocument = Omit<Stored<Issue>, 'customerMessage'> & {
  /** Not there in issues of before it could be given. */
  customerMessage?: string | null
  type: IssueType
  claim: { key: string; digest: string }
}
export type TransactionDocument = Stored<Transaction>
export type CustomerDocument = Stored<Customer> & { emailSealed: string; nameSealed: string }
/** The customer's own key, wrapped by the master key. Deleting it erases what it sealed. */
export type DataKeyDocument = { _id: string; wrapped: string }

export function collectionsOf(db: Db) {
  return {
    issues: db.collection<IssueDocument>('issues'),
    customers: db.collection<CustomerDocument>('customers'),
    transactions: db.collection<TransactionDocument>('transactions'),
    dataKeys: db.collection<DataKeyDocument>('data_keys'),
  }
}
export type Collections = ReturnType<typeof collectionsOf>

/** Creates the indexes; every query of this service has one. */
export async function prepareCollections({ issues, transactions }: Collections): Promise<void> {
  await issues.createIndexes([
    { key: { 'claim.key': 1 }, name: 'claim', unique: true },
    { key: { createdAt: 1, _id: 1 }, name: 'newest' },
    { key: { status: 1, createdAt: 1, _id: 1 }, name: 'newest_by_status' },
    { key: { type: 1, createdAt: 1, _id: 1 }, name: 'newest_by_type' },
    { key: { priority: 1, createdAt: 1, _id: 1 }, name: 'newest_by_priority' },
    { key: { customerId: 1, createdAt: 1, _id: 1 }, name: 'newest_by_customer' },
  ])
  await transactions.createIndexes([{ key: { customerId: 1, createdAt: 1, _id: 1 }, name: 'newest_by_customer' }])
}

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
