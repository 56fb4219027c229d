import { AppError, toInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { tenantOf } from '../domain/batch.ts'
import { type Opened, openOnce } from '../domain/open-once.ts'
import type { CreateId } from '../domain/ports.ts'
import { type Customer, openCustomer } from './customer.ts'
import { type CustomerInput, findCustomerProblems, type PaymentMethodInput } from './customer-input.ts'
import type { BlindIndex, CustomersStore, NewCustomer } from './ports.ts'

export type CreateCustomerCommand = Readonly<{ input: CustomerInput; cause: Cause }>
/** One outcome per command, in order: the customer, or the error. */
export type CreateCustomers = (
  commands: readonly CreateCustomerCommand[],
) => Promise<readonly (Opened<Customer> | AppError)[]>

type Checked = CreateCustomerCommand & Readonly<{ digest: string }>

type Dependencies = Readonly<{
  store: CustomersStore
  blindIndex: BlindIndex
  createId: CreateId
  now: Clock
  onCommit: () => void
}>

/**
 * Creates customers in one transaction; each succeeds or fails on its own. An external id that was used before gives its
 * customer if the input is the same. An error that is not about one command is thrown, and nothing is created then.
 */
export function createCreateCustomers({ store, blindIndex, createId, now, onCommit }: Dependencies): CreateCustomers {
  return async (commands) => {
    const checked = commands.map((command) => {
      const error = toInputError(findCustomerProblems(command.input, now()))
      return error ?? { ...command, digest: blindIndex.ofInput(command.input) }
    })
    const externalIds = checked.flatMap((one) => (one instanceof AppError ? [] : one.input.externalId))
    if (externalIds.length === 0) return checked as AppError[]

    const outcomes = await store.transact(tenantOf(commands), async (transaction) => {
      const created: NewCustomer[] = []
      const at = now()
      const results = openOnce<Checked, Customer>('customer', checked, {
        claimed: await transaction.findClaimed(externalIds),
        open({ input: { externalId, riskScore, knownSince, email, name, paymentMethods }, cause, digest }) {
          const id = createId()
          const change = openCustomer({ id, externalId, riskScore, knownSince: knownSince ?? at, cause, now: at })
          const personal = { email, name, paymentMethods: withIds(paymentMethods, id, blindIndex) }
          created.push({ ...change, personal, digest })
          return change.customer
        },
      })
      if (created.length > 0) await transaction.insert(created)
      return results
    })
    onCommit()
    return outcomes
  }
}

/** Payment methods with their ids, which stay the same as long as a customer has the token. */
export function withIds(methods: readonly PaymentMethodInput[], customerId: string, blindIndex: BlindIndex) {
  return methods.map((method) => ({ ...method, id: blindIndex.toMethodId(customerId, method.token) }))
}
