import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { IssueType } from '@redress/shared/contracts.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import { ConflictError } from '../../domain/errors.ts'
import {
  type Collections,
  type CustomerDocument,
  type IssueDocument,
  toCustomer,
  toIssue,
  toTransaction,
} from '../../stores/collections.ts'
import { transactOnKeys } from '../../stores/transact.ts'
import type { TransactionChange } from '../../transactions/transaction.ts'
import { type Claim, spaceOfCaller } from '../domain/claim.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { IssuesStore, IssuesTransaction, NewIssue } from '../use-cases/ports.ts'

const HISTORY_DAYS = 90
const HISTORY_MAX = 50

type Stores = Readonly<{ collections: Collections; outbox: Outbox }>

/** Issues in MongoDB. A change and its event share one transaction, so neither exists alone. */
export function createMongoIssuesStore({ mongo, ...stores }: Stores & Readonly<{ mongo: MongoClient }>): IssuesStore {
  const transactionIn = createIssuesTransactions(stores)
  return { transact: (tenant, work) => transactOnKeys(mongo, (session) => work(transactionIn(session, tenant))) }
}

/** The same, within a transaction that the caller has begun. It finds nothing of another tenant. */
export function createIssuesTransactions({ collections, outbox }: Stores) {
  const { issues } = collections
  return (session: ClientSession, tenant: string): IssuesTransaction => ({
    ...createReads(collections, { tenant, session }),
    async insert(opened) {
      await issues.insertMany(opened.map(toDocument), { session })
      await outbox.add(
        opened.map(({ event }) => event),
        session,
      )
    },
    save: (changes) => save(collections, outbox, { changes, session }),
    async saveClaim({ issue: { id, reviewClaim }, event }) {
      await issues.updateOne({ _id: id }, { $set: { reviewClaim } }, { session })
      await outbox.add([event], session)
    },
  })
}

type Scope = Readonly<{ tenant: string; session: ClientSession }>
type Reads = Pick<
  IssuesTransaction,
  'findIssues' | 'findClaimed' | 'findByExternalId' | 'findCustomers' | 'findTransactions'
>

function createReads(collections: Collections, { tenant, session }: Scope): Reads {
  const { issues, transactions } = collections
  const ours = sameTenant(tenant)
  return {
    async findIssues(ids) {
      const found = await issues.find({ _id: { $in: [...ids] }, ...ours }, { session }).toArray()
      return new Map(found.map((document) => [document._id, toIssue(document)]))
    },
    async findClaimed(keys) {
      const found = await issues.find({ ...ours, 'claim.key': { $in: [...keys] } }, { session }).toArray()
      return found.map((document) => ({ issue: toIssue(document), claim: toClaim(document) }))
    },
    async findByExternalId(externalIds) {
      if (externalIds.length === 0) return []
      const found = await issues.find({ ...ours, externalId: { $in: [...externalIds] } }, { session }).toArray()
      return found.map((document) => ({
        ...{ externalId: document.externalId!, digest: document.digest! },
        entity: toIssue(document),
      }))
    },
    findCustomers: (ids, now) => findCustomers(collections, { ids, tenant, now, session }),
    async findTransactions(ids) {
      if (ids.length === 0) return new Map()
      const found = await transactions.find({ _id: { $in: [...ids] }, ...ours }, { session }).toArray()
      return new Map(found.map((document) => [document._id, toTransaction(document)]))
    },
  }
}

function toDocument({ issue: { id, externalId, ...rest }, claim, digest }: NewIssue): IssueDocument {
  const named = externalId !== null && digest !== null && { externalId, digest }
  return { _id: id, ...rest, type: rest.details.type, claim, ...named }
}

/** Before there were spaces, a key was used by the caller who created the issue. */
function toClaim({ claim, statusHistory }: IssueDocument): Claim {
  return { ...claim, space: claim.space ?? spaceOfCaller(statusHistory[0]!.changedBy) }
}

type CustomerRow = CustomerDocument & { recent: { _id: string; type: IssueType }[] }

/** Customers and their latest issues in one round trip. */
async function findCustomers(
  { customers, issues }: Collections,
  { ids, tenant, now, session }: { ids: readonly string[]; tenant: string; now: Date; session: ClientSession },
) {
  const recent = [
    { $match: { createdAt: { $gte: new Date(now.getTime() - HISTORY_DAYS * DAY_MS) } } },
    { $sort: { createdAt: -1, _id: -1 } },
    { $limit: HISTORY_MAX },
    { $project: { type: 1 } },
  ]
  const rows = await customers
    .aggregate<CustomerRow>(
      [
        { $match: { _id: { $in: [...ids] }, ...sameTenant(tenant) } },
        {
          $lookup: {
            from: issues.collectionName,
            localField: '_id',
            foreignField: 'customerId',
            pipeline: recent,
            as: 'recent',
          },
        },
      ],
      { session },
    )
    .toArray()
  return new Map(
    rows.map((row) => {
      const recentIssues = row.recent.map(({ _id: id, type }) => ({ id, type }))
      return [row._id, { customer: toCustomer(row), recentIssues }]
    }),
  )
}

/** Each issue is written once, in its last state, if it still has the version that its first change came from. */
async function save(
  { issues, transactions }: Collections,
  outbox: Outbox,
  { changes, session }: { changes: readonly Change[]; session: ClientSession },
) {
  const firstVersions = new Map<string, number>()
  const last = new Map<string, Change['issue']>()
  for (const { issue } of changes) {
    if (!firstVersions.has(issue.id)) firstVersions.set(issue.id, issue.version - 1)
    last.set(issue.id, issue)
  }
  const updates = [...last.values()].map((issue) => ({
    updateOne: {
      filter: { _id: issue.id, version: firstVersions.get(issue.id)! },
      update: { $set: toMovedFields(issue) },
    },
  }))
  const { matchedCount } = await issues.bulkWrite(updates, { session, ordered: false })
  if (matchedCount < updates.length) throw new ConflictError([...last.keys()].join(', '))
  const refunds = changes.flatMap(({ refund }) => refund ?? [])
  await saveRefunds(transactions, refunds, session)
  await outbox.add(
    [...changes, ...refunds].map(({ event }) => event),
    session,
  )
}

/** The last state of each payment. Another writer of it meanwhile is a conflict, which runs the transaction again. */
async function saveRefunds(
  transactions: Collections['transactions'],
  refunds: readonly TransactionChange[],
  session: ClientSession,
): Promise<void> {
  if (refunds.length === 0) return
  const last = new Map(refunds.map(({ transaction }) => [transaction.id, transaction]))
  const updates = [...last.values()].map(({ id: _id, approvals, version, updatedAt }) => ({
    updateOne: { filter: { _id }, update: { $set: { approvals, version, updatedAt } } },
  }))
  await transactions.bulkWrite(updates, { session, ordered: false })
}

/** The fields that a move can change; the others stay as the issue was created. */
function toMovedFields({
  status,
  decisionId,
  resolution,
  failure,
  statusHistory,
  version,
  updatedAt,
  urgentAt,
}: Issue) {
  const moved = { status, decisionId, resolution, failure, statusHistory, version, updatedAt }
  // Only an issue that awaited a review can have had a claim.
  if (status === 'RESOLVED') return { ...moved, reviewClaim: null }
  // Issues from before there was a review queue have no place in it yet.
  return status === 'AWAITING_REVIEW' ? { ...moved, urgentAt } : moved
}
