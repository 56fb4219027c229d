import type { OfTenant } from '@redress/shared/access/tenant.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { type PageOrder, readPage } from '@redress/shared/stores/pagination.ts'
import type { Collection, Filter } from 'mongodb'
import type { BlindIndex } from '../customers/ports.ts'
import { type Collections, type TransactionDocument, toCustomer, toTransaction } from '../stores/collections.ts'
import type { TransactionFilter, Views } from './views.ts'

const ORDERS = {
  NEWEST_FIRST: { field: 'createdAt', direction: -1 },
  OLDEST_FIRST: { field: 'createdAt', direction: 1 },
  HIGHEST_AMOUNT_FIRST: { field: 'amount.amount', direction: -1 },
} as const satisfies Record<string, PageOrder>

type ListViews = Pick<
  Views,
  'findIssueId' | 'findCustomerId' | 'findTransactionId' | 'pageOfCustomers' | 'pageOfTransactions'
>

type Stores = Pick<Collections, 'issues' | 'archivedIssues' | 'customers' | 'transactions'>

/** The lists of all customers and payments, and the look-up of everything by external id. */
export function createListViews(
  { issues, archivedIssues, customers, transactions }: Stores,
  { ours, blindIndex }: Readonly<{ ours: OfTenant; blindIndex: Pick<BlindIndex, 'ofEmail'> }>,
): ListViews {
  return {
    findIssueId: async (externalId) =>
      (await findId(issues, { ...ours, externalId })) ?? findId(archivedIssues, { ...ours, externalId }),
    findCustomerId: (externalId) => findId(customers, { ...ours, externalId }),
    findTransactionId: (externalId) => findId(transactions, { ...ours, externalId }),
    pageOfCustomers: ({ filter: { email, ...range }, only, order }, page) => {
      const createdAt = within(range)
      const filter = {
        ...ours,
        ...(only !== null && { _id: only }),
        ...(email != null && { emailIndex: blindIndex.ofEmail(email) }),
        ...(createdAt && { createdAt }),
      }
      return readPage({ collection: customers, filter, order: ORDERS[order], page, toNode: toCustomer })
    },
    pageOfTransactions: ({ filter, order }, page) =>
      readPage({
        ...{ collection: transactions, filter: { ...ours, ...toPaymentConditions(filter) }, order: ORDERS[order] },
        ...{ page, toNode: toTransaction },
      }),
  }
}

function toPaymentConditions({
  customerId,
  merchant,
  status,
  amount,
  ...range
}: TransactionFilter): Filter<TransactionDocument> {
  const createdAt = within(range)
  return {
    ...(customerId != null && { customerId }),
    ...(merchant != null && { merchant }),
    ...(status && { status: { $in: [...status] } }),
    ...(amount && {
      'amount.currency': amount.currency,
      'amount.amount': { $gte: amount.min ?? 0, ...(amount.max != null && { $lte: amount.max }) },
    }),
    ...(createdAt && { createdAt }),
  }
}

type ByExternalId = { _id: string; tenant: string; externalId?: string }
type Name = OfTenant & Readonly<{ externalId: string }>

async function findId<D extends ByExternalId>(collection: Collection<D>, name: Name): Promise<string | null> {
  const found = await collection.findOne(name as Filter<D>, { projection: { _id: 1 } })
  return found && String(found._id)
}
