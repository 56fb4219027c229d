import { CustomerNotFoundError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { Clock } from '@redress/shared/time.ts'
import { eraseCustomer } from '../customers/customer.ts'
import { CustomerNotErasableError } from '../domain/errors.ts'
import { type Erasure, openErasure } from './erasure.ts'
import type { ErasuresStore } from './ports.ts'

export type EraseCustomerCommand = Readonly<{ customerId: string; reason: string; cause: Cause }>

/** @throws CustomerNotFoundError, CustomerNotErasableError while something of the customer is not settled. */
export type EraseCustomer = (command: EraseCustomerCommand) => Promise<Erasure>

type Dependencies = Readonly<{ store: ErasuresStore; now: Clock; onCommit: () => void }>

/**
 * Destroys the personal data of a customer, and has the texts of their issues erased. A repeat gives the first erasure.
 * Open issues and disputed payments forbid it: their texts are needed to decide them, and to defend the decision.
 */
export function createEraseCustomer({ store, now, onCommit }: Dependencies): EraseCustomer {
  return async ({ customerId, reason, cause }) => {
    const masked = maskPersonal(reason).trim()
    const erasure = await store.transact(async (transaction) => {
      const customer = await transaction.findCustomer(customerId, cause.tenant)
      if (customer === null) throw new CustomerNotFoundError(customerId)
      const before = await transaction.find(customerId)
      if (before !== null) return before
      const open = await transaction.countOpenCases(customerId)
      if (open.openIssues + open.disputedPayments > 0) throw new CustomerNotErasableError(customerId, open)

      const change = eraseCustomer(customer, { reason: masked, cause, now: now() })
      const { updatedAt } = change.customer
      const opened = openErasure({ customerId, reason: masked, cause, now: updatedAt })
      await transaction.begin(change, opened)
      return opened
    })
    onCommit()
    return erasure
  }
}
