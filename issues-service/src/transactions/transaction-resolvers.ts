import type { PageArguments } from '@redress/shared/connection.ts'
import type { Money, TransactionStatus } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import { BY_TENANT } from '../domain/batch.ts'
import type { Opened } from '../domain/open-once.ts'
import {
  type ByEitherId,
  type ById,
  type Context,
  findCustomer,
  findTransaction,
  pageOfIssues,
  toId,
  withinReach,
} from '../views/find-visible.ts'
import type { ListOrder, TransactionFilter, ViewsOf } from '../views/views.ts'
import type { CreateTransactionCommand, CreateTransactions } from './create-transactions.ts'
import { approvedOf, type InstallmentPlan, type Shipping, type Transaction } from './transaction.ts'
import type { UpdateTransaction } from './update-transaction.ts'

type TransactionsArguments = PageArguments &
  Readonly<{ filter?: TransactionFilter | null; order: ListOrder | 'HIGHEST_AMOUNT_FIRST' }>
type Dependencies = Readonly<{
  viewsOf: ViewsOf
  createTransactions: CreateTransactions
  updateTransaction: UpdateTransaction
}>

/** The resolvers of payments. */
export function createTransactionResolvers({ viewsOf, createTransactions, updateTransaction }: Dependencies) {
  const createTransaction = coalesce<CreateTransactionCommand, Opened<Transaction>>(createTransactions, BY_TENANT)
  return {
    Query: {
      transaction: async (_: unknown, named: ByEitherId, context: Context) => {
        const id = await toId(named, viewsOf(context.principal.tenant).findTransactionId)
        return id === null ? null : findTransaction(id, context)
      },
      transactions: (_: unknown, { filter, order, ...page }: TransactionsArguments, { principal }: Context) => {
        if (order === 'HIGHEST_AMOUNT_FIRST' && filter?.amount == null) {
          throw new BadUserInputError(['filter', 'amount'], 'must name a currency for a list by amount')
        }
        return viewsOf(principal.tenant).pageOfTransactions(
          { filter: withinReach(filter, principal, 'transaction:read'), order },
          page,
        )
      },
    },
    Mutation: {
      createTransaction: async (_: unknown, { input }: { input: CreateArgument }, context: Context) => {
        const { entity, isNew } = await createTransaction({ input: toTransactionInput(input), cause: causeOf(context) })
        return { transaction: entity, isNew }
      },
      updateTransactionStatus: async (_: unknown, { input }: { input: UpdateArgument }, context: Context) => ({
        transaction: await updateTransaction({ ...toUpdate(input), cause: causeOf(context) }),
      }),
    },
    Transaction: {
      __resolveReference: ({ id }: ById, context: Context) => findTransaction(id, context),
      customer: ({ customerId }: Transaction, _: unknown, context: Context) => findCustomer(customerId, context),
      issues: ({ id }: Transaction, page: PageArguments, context: Context) =>
        pageOfIssues('transactionId', id, page, context),
      refunded: ({ refunded, amount }: Transaction) => ({ ...amount, amount: refunded }),
      approvedRefunds: (payment: Transaction) => ({ ...payment.amount, amount: approvedOf(payment) }),
    },
  }
}

type ShippingArgument = Readonly<{ status: Shipping['status']; deliveredAt?: Date | null }>
type CreateArgument = Readonly<{
  externalId: string
  customerId: string
  merchant: string
  amount: Money
  status: TransactionStatus
  refunded?: Money | null
  installmentPlan?: InstallmentPlan | null
  shipping?: ShippingArgument | null
  paidAt?: Date | null
}>
type UpdateArgument = Readonly<{
  id: string
  status: TransactionStatus
  refunded?: Money | null
  shipping?: ShippingArgument | null
  version?: number | null
}>

const toShipping = (given: ShippingArgument | null | undefined): Shipping | null =>
  given == null ? null : { status: given.status, deliveredAt: given.deliveredAt ?? null }

export function toTransactionInput({ refunded, installmentPlan, shipping, paidAt, ...given }: CreateArgument) {
  return {
    ...given,
    refunded: refunded ?? null,
    installmentPlan: installmentPlan ?? null,
    shipping: toShipping(shipping),
    paidAt: paidAt ?? null,
  }
}

function toUpdate({ id: transactionId, status, refunded, shipping, version }: UpdateArgument) {
  return {
    transactionId,
    status,
    refunded: refunded ?? null,
    shipping: toShipping(shipping),
    seenVersion: version ?? null,
  }
}
