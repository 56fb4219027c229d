import { type OfTenant, sameTenant } from '@redress/shared/access/tenant.ts'
import { inOrder } from '@redress/shared/stores/in-order.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { BlindIndex } from '../customers/ports.ts'
import type { DueHours } from '../issues/domain/urgency.ts'
import { findIssuesById } from '../issues/outbound/find-issues.ts'
import { createIssueLists } from '../issues/outbound/mongo-issue-lists.ts'
import { createNoteViews } from '../issues/outbound/mongo-notes.ts'
import { type Collections, CUSTOMER_FIELDS, toCustomer, toIssue, toTransaction } from '../stores/collections.ts'
import { createListViews } from './mongo-list-views.ts'
import type { Views, ViewsOf } from './views.ts'

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

type Options = Readonly<{ blindIndex: Pick<BlindIndex, 'ofEmail'>; dueHours: DueHours; now: Clock }>

/** Reads entities for callers: of a tenant, and of no other. */
export function createMongoViews(collections: Collections, options: Options): ViewsOf {
  return (tenant) => createViews(collections, sameTenant(tenant), options)
}

function createViews(
  { issues, archivedIssues, customers, transactions, notes }: Collections,
  ours: OfTenant,
  { blindIndex, dueHours, now }: Options,
): Views {
  return {
    async findIssues(ids) {
      const found = await findIssuesById({ issues, archivedIssues }, ids, { ours })
      return inOrder(ids, found.map(toIssue))
    },
    async findCustomers(ids) {
      const found = await customers.find({ _id: { $in: [...ids] }, ...ours }, { projection: CUSTOMER_FIELDS }).toArray()
      return inOrder(ids, found.map(toCustomer))
    },
    async findTransactions(ids) {
      const found = await transactions.find({ _id: { $in: [...ids] }, ...ours }).toArray()
      return inOrder(ids, found.map(toTransaction))
    },
    ...createIssueLists({ issues, archivedIssues }, { ours, dueHours, now }),
    ...createListViews({ issues, archivedIssues, customers, transactions }, { ours, blindIndex }),
    ...createNoteViews({ notes }, ours),
    pagesOfTransactions: (owners, page) =>
      readPages({
        ...{ collection: transactions, filter: ours, order: NEWEST_FIRST, page, toNode: toTransaction },
        ...{ ownerField: 'customerId', owners },
      }),
  }
}
