import type { Money } from '@redress/shared/contracts.ts'
import { AppError, CustomerNotFoundError, toInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { BlindIndex } from '../customers/ports.ts'
import { tenantOf } from '../domain/batch.ts'
import { CustomerErasedError } from '../domain/errors.ts'
import { type Opened, openOnce } from '../domain/open-once.ts'
import type { CreateId } from '../domain/ports.ts'
import type { NewTransaction, TransactionsStore } from './ports.ts'
import { openTransaction, type Transaction } from './transaction.ts'
import { findTransactionProblems, type TransactionInput, toRefunded } from './transaction-input.ts'

export type CreateTransactionCommand = Readonly<{ input: TransactionInput; cause: Cause }>
/** One outcome per command, in order: the payment, or the error. */
export type CreateTransactions = (
  commands: readonly CreateTransactionCommand[],
) => Promise<readonly (Opened<Transaction> | AppError)[]>

type Checked = CreateTransactionCommand & Readonly<{ input: Readonly<{ refunded: Money }>; digest: string }>

type Dependencies = Readonly<{
  store: TransactionsStore
  blindIndex: BlindIndex
  createId: CreateId
  now: Clock
  onCommit: () => void
}>

/**
 * Creates payments in one transaction; each succeeds or fails on its own. An external id that was used before gives its
 * payment if the input is the same. An error that is not about one command is thrown, and nothing is created then.
 */
export function createCreateTransactions(dependencies: Dependencies): CreateTransactions {
  const { store, blindIndex, createId, now, onCommit } = dependencies
  return async (commands) => {
    const checked = commands.map((command) => {
      const error = toInputError(findTransactionProblems(command.input, now()))
      if (error) return error
      const input = { ...command.input, refunded: toRefunded(command.input) }
      return { ...command, input, digest: blindIndex.ofInput(input) }
    })
    const inputs = checked.flatMap((one) => (one instanceof AppError ? [] : one.input))
    if (inputs.length === 0) return checked as AppError[]

    const outcomes = await store.transact(tenantOf(commands), async (transaction) => {
      const created: NewTransaction[] = []
      const at = now()
      const customers = await transaction.findCustomers([...new Set(inputs.map(({ customerId }) => customerId))])
      const results = openOnce<Checked, Transaction>('payment', checked, {
        claimed: await transaction.findClaimed(inputs.map(({ externalId }) => externalId)),
        open({ input: { paidAt, refunded, ...given }, cause, digest }) {
          const customer = customers.get(given.customerId)
          if (!customer) return new CustomerNotFoundError(given.customerId)
          if (customer.erasedAt !== null) return new CustomerErasedError(given.customerId)
          const opening = { ...given, id: createId(), refunded: refunded.amount, paidAt: paidAt ?? at, cause, now: at }
          const change = openTransaction(opening)
          created.push({ ...change, digest })
          return change.transaction
        },
      })
      if (created.length > 0) await transaction.insert(created)
      return results
    })
    onCommit()
    return outcomes
  }
}
