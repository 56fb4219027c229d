import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import { inOrder } from '@redress/shared/stores/in-order.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import type { Issue } from '../domain/issue.ts'
import type { BlindIndex } from '../use-cases/ports.ts'
import type { IssueFilter, Views } from '../use-cases/views.ts'
import {
  type Collections,
  CUSTOMER_FIELDS,
  type IssueDocument,
  toCustomer,
  toIssue,
  toTransaction,
} from './collections.ts'
import { createListViews } from './mongo-list-views.ts'

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

/** Reads entities for callers. */
export function createMongoViews(
  { issues, customers, transactions }: Collections,
  blindIndex: Pick<BlindIndex, 'ofEmail'>,
): Views {
  return {
    async findIssues(ids) {
      const found = await issues.find({ _id: { $in: [...ids] } }).toArray()
      return inOrder(ids, found.map(toIssue))
    },
    async findCustomers(ids) {
      const found = await customers.find({ _id: { $in: [...ids] } }, { projection: CUSTOMER_FIELDS }).toArray()
      return inOrder(ids, found.map(toCustomer))
    },
    async findTransactions(ids) {
      const found = await transactions.find({ _id: { $in: [...ids] } }).toArray()
      return inOrder(ids, found.map(toTransaction))
    },
    async findStuck({ status, since, after, limit }) {
      // By the index of status and creation: what has not changed since then was created before.
      const createdAt = { $lt: since, ...(after && { $gte: after.createdAt }) }
      const beyond = after && { $or: [{ createdAt: { $gt: after.createdAt } }, { _id: { $gt: after.id } }] }
      const stuck = { status, createdAt, updatedAt: { $lt: since }, ...beyond }
      const found = await issues.find(stuck).sort({ createdAt: 1, _id: 1 }).limit(limit).toArray()
      return found.map(toIssue)
    },
    pageOfIssues: (filter: IssueFilter, page: PageArguments): Promise<Connection<Issue>> =>
      readPage({ collection: issues, filter: toConditions(filter), order: NEWEST_FIRST, page, toNode: toIssue }),
    ...createListViews({ customers, transactions }, blindIndex),
    pagesOfTransactions: (owners, page) =>
      readPages({
        ...{ collection: transactions, filter: {}, order: NEWEST_FIRST, page, toNode: toTransaction },
        ...{ ownerField: 'customerId', owners },
      }),
    pagesOfIssues: ({ field: ownerField, ids: owners }, filter, page) =>
      readPages({
        ...{ collection: issues, filter: toConditions(filter), order: NEWEST_FIRST, page, toNode: toIssue },
        ...{ ownerField, owners },
      }),
  }
}

function toConditions({
  status,
  type,
  priority,
  customerId,
  transactionId,
  from,
  to,
  createdAfter: after,
  createdBefore: before,
}: IssueFilter): Filter<IssueDocument> {
  const createdAt = within({ from, to, after, before })
  return {
    ...(status && { status: { $in: [...status] } }),
    ...(type && { type: { $in: [...type] } }),
    ...(priority && { priority: { $in: [...priority] } }),
    ...(customerId != null && { customerId }),
    ...(transactionId != null && { transactionId }),
    ...(createdAt && { createdAt }),
  }
}
