import type { Customer } from '../customers/customer.ts'
import type { ClaimedByExternalId } from '../domain/open-once.ts'
import type { Transaction, TransactionChange } from './transaction.ts'

export type NewTransaction = TransactionChange & Readonly<{ digest: string }>

export type TransactionsTransaction = Readonly<{
  findClaimed(externalIds: readonly string[]): Promise<readonly ClaimedByExternalId<Transaction>[]>
  findCustomers(ids: readonly string[]): Promise<ReadonlyMap<string, Customer>>
  insert(created: readonly NewTransaction[]): Promise<void>
  find(id: string): Promise<Transaction | null>
  save(change: TransactionChange): Promise<void>
}>

export type TransactionsStore = Readonly<{
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(tenant: string, work: (transaction: TransactionsTransaction) => Promise<T>): Promise<T>
}>
