import { isSameJson } from '@redress/shared/canonical-json.ts'
import { CustomerNotFoundError, refuseProblems } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { ConflictError, CustomerErasedError } from '../domain/errors.ts'
import { withIds } from './create-customers.ts'
import { type Customer, changeCustomer, PERSONAL_FIELDS, type PersonalData } from './customer.ts'
import { type CustomerInput, findCustomerProblems } from './customer-input.ts'
import type { BlindIndex, CustomersStore } from './ports.ts'

export type UpdateCustomerCommand = Readonly<{
  customerId: string
  /** What is not given stays as it is; payment methods are replaced as a whole. */
  input: Partial<Pick<CustomerInput, 'email' | 'name' | 'riskScore' | 'paymentMethods'>>
  seenVersion: number | null
  cause: Cause
}>
/** @throws BadUserInputError, CustomerNotFoundError, CustomerErasedError, ConflictError if it changed since it was seen */
export type UpdateCustomer = (command: UpdateCustomerCommand) => Promise<Customer>

type Dependencies = Readonly<{ store: CustomersStore; blindIndex: BlindIndex; now: Clock; onCommit: () => void }>

/** Changes a customer. A repeat changes nothing. */
export function createUpdateCustomer({ store, blindIndex, now, onCommit }: Dependencies): UpdateCustomer {
  return async ({ customerId, input: { riskScore, paymentMethods, ...texts }, seenVersion, cause }) => {
    refuseProblems(findCustomerProblems({ ...texts, ...(paymentMethods && { paymentMethods }) }, now()))
    const given: Partial<PersonalData> = {
      ...texts,
      ...(paymentMethods && { paymentMethods: withIds(paymentMethods, customerId, blindIndex) }),
    }
    const updated = await store.transact(cause.tenant, async (transaction) => {
      const found = await transaction.find(customerId)
      if (!found) throw new CustomerNotFoundError(customerId)
      const { customer, personal: before } = found
      if (before === null) throw new CustomerErasedError(customerId)

      const personal = different(before, given)
      const fields = PERSONAL_FIELDS.filter((field) => field in personal)
      const update = { personal: fields, ...(riskScore !== undefined && { riskScore }) }
      const change = changeCustomer(customer, update, { cause, now: now() })
      if (change === null) return customer
      if (seenVersion !== null && seenVersion !== customer.version) throw new ConflictError(customerId, 'customer')
      await transaction.save(change, personal)
      return change.customer
    })
    onCommit()
    return updated
  }
}

/** The fields that have another value than before. */
function different(before: PersonalData, given: Partial<PersonalData>): Partial<PersonalData> {
  const fields = PERSONAL_FIELDS.filter(
    (field) => given[field] !== undefined && !isSameJson(given[field], before[field]),
  )
  return Object.fromEntries(fields.map((field) => [field, given[field]]))
}
