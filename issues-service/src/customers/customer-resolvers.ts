import { can, reachOf } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import type { Clock } from '@redress/shared/time.ts'
import { BY_TENANT } from '../domain/batch.ts'
import { CustomerErasedError } from '../domain/errors.ts'
import type { Opened } from '../domain/open-once.ts'
import { type ByEitherId, type ById, type Context, findCustomer, pageOfIssues, toId } from '../views/find-visible.ts'
import type { CustomerFilter, ListOrder, ViewsOf } from '../views/views.ts'
import type { CreateCustomerCommand, CreateCustomers } from './create-customers.ts'
import {
  type Customer,
  type PaymentMethod,
  type PersonalData,
  type PersonalField,
  RISK_SCORE_UNKNOWN,
  statusOfMethod,
} from './customer.ts'
import type { PaymentMethodInput } from './customer-input.ts'
import type { RecordSearch } from './read-personal-data.ts'
import type { UpdateCustomer } from './update-customer.ts'

type CustomersArguments = PageArguments & Readonly<{ filter?: CustomerFilter | null; order: ListOrder }>
type Dependencies = Readonly<{
  viewsOf: ViewsOf
  createCustomers: CreateCustomers
  updateCustomer: UpdateCustomer
  recordSearch: RecordSearch
  now: Clock
}>

/** The resolvers of customers. */
export function createCustomerResolvers({ viewsOf, createCustomers, updateCustomer, recordSearch, now }: Dependencies) {
  const createCustomer = coalesce<CreateCustomerCommand, Opened<Customer>>(createCustomers, BY_TENANT)
  return {
    Query: {
      customer: async (_: unknown, named: ByEitherId, context: Context) => {
        const id = await toId(named, viewsOf(context.principal.tenant).findCustomerId)
        return id === null ? null : findCustomer(id, context)
      },
      customers: (_: unknown, list: CustomersArguments, context: Context) =>
        listCustomers(list, context, { viewsOf, recordSearch }),
    },
    Mutation: {
      createCustomer: async (_: unknown, { input }: { input: CreateArgument }, context: Context) => {
        const { entity, isNew } = await createCustomer({ input: toCustomerInput(input), cause: causeOf(context) })
        return { customer: entity, isNew }
      },
      updateCustomer: async (_: unknown, { input }: { input: UpdateArgument }, context: Context) => ({
        customer: await updateCustomer({ ...toUpdate(input), cause: causeOf(context) }),
      }),
    },
    Customer: {
      __resolveReference: ({ id }: ById, context: Context) => findCustomer(id, context),
      email: (customer: Customer, _: unknown, context: Context) => personal(customer, 'email', context),
      name: (customer: Customer, _: unknown, context: Context) => personal(customer, 'name', context),
      paymentMethods: (customer: Customer, _: unknown, context: Context) =>
        personal(customer, 'paymentMethods', context),
      transactions: ({ id }: Customer, page: PageArguments, { loaders }: Context) =>
        loaders.transactionPages(page).load(id),
      issues: ({ id }: Customer, page: PageArguments, context: Context) =>
        pageOfIssues('customerId', id, page, context),
    },
    PaymentMethod: { status: (method: PaymentMethod) => statusOfMethod(method, now()) },
  }
}

async function listCustomers(
  { filter, order, ...page }: CustomersArguments,
  context: Context,
  { viewsOf, recordSearch }: Pick<Dependencies, 'viewsOf' | 'recordSearch'>,
) {
  const { principal } = context
  const isSearch = filter?.email != null
  // Whether an address is that of a customer is personal data, too.
  if (isSearch && !can(principal, 'customer:read_pii')) throw new ForbiddenError('customer:read_pii:*')
  const only = reachOf(principal, 'customer:read') === 'own' ? principal.customerId : null
  const found = await viewsOf(principal.tenant).pageOfCustomers({ filter: filter ?? {}, only, order }, page)
  const ids = found.nodes.map(({ id }) => id)
  if (isSearch) await recordSearch(ids, causeOf(context))
  return found
}

/** @throws ForbiddenError, CustomerErasedError: a null would not say why there is nothing. */
async function personal<F extends PersonalField>({ id }: Customer, field: F, context: Context) {
  if (!can(context.principal, 'customer:read_pii', id)) throw new ForbiddenError('customer:read_pii:*')
  const value = await context.loaders.personalData(causeOf(context)).load({ customerId: id, field })
  if (value === null) throw new CustomerErasedError(id)
  return value as PersonalData[F]
}

type MethodArgument = Omit<PaymentMethodInput, 'expiresAt'> & Readonly<{ expiresAt?: string | null }>
type CreateArgument = Readonly<{
  externalId: string
  email: string
  name: string
  riskScore?: number | null
  knownSince?: Date | null
  paymentMethods?: readonly MethodArgument[] | null
}>
type UpdateArgument = Readonly<{ id: string; version?: number | null }> &
  Readonly<
    Partial<Pick<CreateArgument, 'riskScore' | 'paymentMethods'>> & { email?: string | null; name?: string | null }
  >

const toMethods = (methods: readonly MethodArgument[]) =>
  methods.map(({ expiresAt = null, ...rest }) => ({ ...rest, expiresAt }))

export function toCustomerInput({ riskScore, knownSince, paymentMethods, ...texts }: CreateArgument) {
  return {
    ...texts,
    riskScore: riskScore ?? RISK_SCORE_UNKNOWN,
    knownSince: knownSince ?? null,
    paymentMethods: toMethods(paymentMethods ?? []),
  }
}

function toUpdate({ id: customerId, version, email, name, riskScore, paymentMethods }: UpdateArgument) {
  const input = {
    ...(email != null && { email }),
    ...(name != null && { name }),
    ...(riskScore != null && { riskScore }),
    ...(paymentMethods != null && { paymentMethods: toMethods(paymentMethods) }),
  }
  return { customerId, input, seenVersion: version ?? null }
}
