import type { AppError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { CustomerInput } from '../customers/customer-input.ts'
import type { CustomersStore } from '../customers/ports.ts'
import type { Opened } from '../domain/open-once.ts'
import type { IssueInput } from '../issues/domain/issue-input.ts'
import type { IssuesStore } from '../issues/use-cases/ports.ts'
import type { TransactionsStore } from '../transactions/ports.ts'
import type { TransactionInput } from '../transactions/transaction-input.ts'
import type { Import, ImportKind, RefusedRow } from './import.ts'

/** The stores of what is imported, whose writes belong to one transaction. */
export type JoinedStores = Readonly<{ customers: CustomersStore; transactions: TransactionsStore; issues: IssuesStore }>

/** Writes of one transaction: all of it is stored, or nothing. */
export type ImportTransaction = JoinedStores &
  Readonly<{
    /** Stores an import after more of its rows are done. @throws ConflictError if another caller has done rows of it meanwhile. */
    save(change: Readonly<{ before: Import; after: Import; refused: readonly RefusedRow[] }>): Promise<void>
  }>

export type ImportsStore = Readonly<{
  /** Stores an import unless there is one with its id, and gives the one that is stored. */
  open(opening: Import): Promise<Import>
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(work: (transaction: ImportTransaction) => Promise<T>): Promise<T>
  /** Like `transact`, but nothing of it is stored. */
  rehearse<T>(work: (stores: JoinedStores) => Promise<T>): Promise<T>
}>

export type InputOf = Readonly<{ CUSTOMERS: CustomerInput; PAYMENTS: TransactionInput; ISSUES: IssueInput }>

type Command<K extends ImportKind> = Readonly<{ input: InputOf[K]; cause: Cause }>
/** Creates what the rows of each kind describe. One outcome per command, in order. */
export type Creators = {
  readonly [K in ImportKind]: (commands: readonly Command<K>[]) => Promise<readonly (Opened<unknown> | AppError)[]>
}
