import { inOrder } from '@redress/shared/stores/in-order.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { BlindIndex } from '../customers/ports.ts'
import type { DueHours } from '../issues/domain/urgency.ts'
import { createIssueLists } from '../issues/outbound/mongo-issue-lists.ts'
import { type Collections, CUSTOMER_FIELDS, toCustomer, toIssue, toTransaction } from '../stores/collections.ts'
import { createListViews } from './mongo-list-views.ts'
import type { Views } from './views.ts'

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

type Options = Readonly<{ blindIndex: Pick<BlindIndex, 'ofEmail'>; dueHours: DueHours; now: Clock }>

/** Reads entities for callers. */
export function createMongoViews(
  { issues, customers, transactions }: Collections,
  { blindIndex, dueHours, now }: Options,
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
    ...createIssueLists(issues, { dueHours, now }),
    ...createListViews({ issues, customers, transactions }, blindIndex),
    pagesOfTransactions: (owners, page) =>
      readPages({
        ...{ collection: transactions, filter: {}, order: NEWEST_FIRST, page, toNode: toTransaction },
        ...{ ownerField: 'customerId', owners },
      }),
  }
}
