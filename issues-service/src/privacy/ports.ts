import type { Customer, CustomerChange } from '../customers/customer.ts'
import type { ErasedUpTo, Erasure, ErasureChange } from './erasure.ts'

/** The issues and payments of a customer that are not settled yet. */
export type OpenCases = Readonly<{ openIssues: number; disputedPayments: number }>

/** The next issues of a customer beyond `after`, at most `limit`. */
export type IssuePart = Readonly<{ customerId: string; after: ErasedUpTo | null; limit: number }>

export type ErasuresTransaction = Readonly<{
  /** Null for one of another tenant. */
  findCustomer(id: string, tenant: string): Promise<Customer | null>
  find(customerId: string): Promise<Erasure | null>
  countOpenCases(customerId: string): Promise<OpenCases>
  /** Destroys the data key of the customer and everything that was encrypted with it or derived from it. */
  begin(change: CustomerChange, erasure: Erasure): Promise<void>
  /** Erases the texts of the issues of a part; gives these issues, in the order of their creation. */
  eraseTexts(part: IssuePart): Promise<readonly ErasedUpTo[]>
  save(change: ErasureChange): Promise<void>
}>

export type ErasuresStore = Readonly<{
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(work: (transaction: ErasuresTransaction) => Promise<T>): Promise<T>
  /** The erasures of customers, in the order of the ids; null for one who is not erased. */
  findAll(customerIds: readonly string[]): Promise<readonly (Erasure | null)[]>
  /** The ids of customers whose texts are still to be erased, of those that were requested before a moment. */
  findUnfinished(requestedBefore: Date, limit: number): Promise<readonly string[]>
}>
