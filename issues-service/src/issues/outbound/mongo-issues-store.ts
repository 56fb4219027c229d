import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import type { Customer } from '../../customers/customer.ts'
import { ConflictError } from '../../domain/errors.ts'
import {
  type Collections,
  CUSTOMER_FIELDS,
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
import { findIssuesById } from './find-issues.ts'
import { findHistory } from './mongo-history.ts'
import { createNotesTransaction } from './mongo-notes.ts'

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
    ...createNotesTransaction(collections, { outbox, tenant, session }),
    async insert(opened) {
      await issues.insertMany(opened.map(toDocument), { session })
      await outbox.add(
        opened.map(({ event }) => event),
        session,
      )
    },
    save: (changes) => save(collections, outbox, { changes, session }),
    async saveClaim({ issue: { id, reviewClaim, assignee }, event }) {
      await issues.updateOne({ _id: id }, { $set: { reviewClaim, assignee } }, { session })
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
  const { transactions } = collections
  const ours = sameTenant(tenant)
  const findAnywhere = createFindAnywhere(collections, { tenant, session })
  return {
    async findIssues(ids) {
      const found = await findIssuesById(collections, ids, { ours, session })
      return new Map(found.map((document) => [document._id, toIssue(document)]))
    },
    async findClaimed(keys) {
      const found = await findAnywhere('claim.key', keys)
      return found.map((document) => ({ issue: toIssue(document), claim: toClaim(document) }))
    },
    async findByExternalId(externalIds) {
      if (externalIds.length === 0) return []
      const found = await findAnywhere('externalId', externalIds)
      return found.map((document) => ({
        ...{ externalId: document.externalId!, digest: document.digest! },
        entity: toIssue(document),
      }))
    },
    async findCustomers(ids, now) {
      const wanted = { _id: { $in: [...ids] }, ...ours }
      const found = collections.customers.find(wanted, { session, projection: CUSTOMER_FIELDS }).toArray()
      const [documents, history] = await Promise.all([found, findHistory(collections, ids, now)])
      const withHistory = (customer: Customer) => ({ customer, recentIssues: history.get(customer.id) ?? [] })
      return new Map(documents.map((document) => [document._id, withHistory(toCustomer(document))]))
    },
    async findTransactions(ids) {
      if (ids.length === 0) return new Map()
      const found = await transactions.find({ _id: { $in: [...ids] }, ...ours }, { session }).toArray()
      return new Map(found.map((document) => [document._id, toTransaction(document)]))
    },
  }
}

/** Finds issues wherever they are: each is in exactly one of the two collections in the snapshot of a transaction. */
function createFindAnywhere({ issues, archivedIssues }: Collections, { tenant, session }: Scope) {
  return async (field: 'claim.key' | 'externalId', values: readonly string[]) => {
    const wanted = { ...sameTenant(tenant), [field]: { $in: [...values] } }
    const found: IssueDocument[] = []
    for (const store of [issues, archivedIssues]) found.push(...(await store.find(wanted, { session }).toArray()))
    return found
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
