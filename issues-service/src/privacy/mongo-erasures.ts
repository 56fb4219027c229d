import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inOrder } from '@redress/shared/stores/in-order.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import { type Collections, CUSTOMER_FIELDS, type ErasureDocument, toCustomer } from '../stores/collections.ts'
import type { ErasedUpTo, Erasure } from './erasure.ts'
import type { ErasuresStore, ErasuresTransaction, IssuePart } from './ports.ts'

/** More are not counted. */
const OPEN_CASES_MAX = 100

type Stores = Readonly<{ collections: Collections; outbox: Outbox }>

/** Erasures in MongoDB. What is erased, the state of the erasure and its event share one transaction. */
export function createMongoErasures({ mongo, ...stores }: Stores & Readonly<{ mongo: MongoClient }>): ErasuresStore {
  const { erasures } = stores.collections
  const transactionIn = createErasuresTransactions(stores)
  return {
    transact: (work) => inTransaction(mongo, (session) => work(transactionIn(session))),
    async findAll(customerIds) {
      const found = await erasures.find({ _id: { $in: [...customerIds] } }).toArray()
      return inOrder(customerIds, found.map(toErasure))
    },
    async findUnfinished(requestedBefore, limit) {
      const unfinished = { erasedAt: null, requestedAt: { $lt: requestedBefore } }
      const found = await erasures
        .find(unfinished, { projection: { _id: 1 } })
        .sort({ requestedAt: 1 })
        .limit(limit)
      return (await found.toArray()).map(({ _id }) => _id)
    },
  }
}

/** The same, within a transaction that the caller has begun. */
export function createErasuresTransactions({ collections, outbox }: Stores) {
  const { customers, dataKeys, issues, transactions, erasures } = collections
  return (session: ClientSession): ErasuresTransaction => ({
    async findCustomer(id, tenant) {
      const found = await customers.findOne(
        { _id: id, ...sameTenant(tenant) },
        { projection: CUSTOMER_FIELDS, session },
      )
      return found && toCustomer(found)
    },
    async find(customerId) {
      const found = await erasures.findOne({ _id: customerId }, { session })
      return found && toErasure(found)
    },
    async countOpenCases(customerId) {
      const options = { projection: { _id: 1 }, limit: OPEN_CASES_MAX, session }
      const openIssues = await issues.find({ customerId, status: { $ne: 'RESOLVED' } }, options).toArray()
      const disputed = await transactions.find({ customerId, status: 'DISPUTED' }, options).toArray()
      return { openIssues: openIssues.length, disputedPayments: disputed.length }
    },
    async begin({ customer: { id: _id, riskScore, version, updatedAt, erasedAt }, event }, { id, ...erasure }) {
      const erased = { riskScore, version, updatedAt, erasedAt }
      await dataKeys.deleteOne({ _id }, { session })
      await customers.updateOne({ _id }, { $set: erased, $unset: PERSONAL }, { session })
      await erasures.insertOne({ _id: id, ...erasure }, { session })
      await outbox.add([event], session)
    },
    eraseTexts: (part) => eraseTexts(collections, part, session),
    async save({ erasure: { id, ...erasure }, events }) {
      await erasures.replaceOne({ _id: id }, erasure, { session })
      await outbox.add(events, session)
    },
  })
}

/** An issue is in one of the two collections, and may move from one to the other between two parts. */
async function eraseTexts(
  { issues, archivedIssues, notes }: Collections,
  { customerId, after, limit }: IssuePart,
  session: ClientSession,
): Promise<readonly ErasedUpTo[]> {
  const beyond = after && {
    $or: [{ createdAt: { $gt: after.createdAt } }, { createdAt: after.createdAt, _id: { $gt: after.id } }],
  }
  const found: ErasedUpTo[] = []
  for (const collection of [issues, archivedIssues]) {
    const next = collection.find({ customerId, ...beyond }, { projection: { createdAt: 1 }, session })
    const page = await next.sort({ createdAt: 1, _id: 1 }).limit(limit).toArray()
    found.push(...page.map(({ _id: id, createdAt }) => ({ id, createdAt })))
  }
  const part = found.sort(inTheirOrder).slice(0, limit)
  const _id = { $in: part.map(({ id }) => id) }
  for (const collection of [issues, archivedIssues]) {
    await collection.updateMany({ _id, customerMessage: { $gt: '' } }, { $set: { customerMessage: null } }, { session })
    const noted = { _id, 'resolution.note': { $gt: '' } }
    await collection.updateMany(noted, { $set: { 'resolution.note': null } }, { session })
  }
  const issueId = { $in: part.map(({ id }) => id) }
  await notes.updateMany({ issueId, text: { $ne: null } }, { $set: { text: null, attachments: [] } }, { session })
  return part
}

const inTheirOrder = (a: ErasedUpTo, b: ErasedUpTo) =>
  a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1)

/** Everything that was encrypted or derived from the person. Companies use e-mail addresses as external ids. */
const PERSONAL = { emailSealed: 1, nameSealed: 1, methodsSealed: 1, emailIndex: 1, externalId: 1, digest: 1 } as const

function toErasure({ _id, ...rest }: ErasureDocument): Erasure {
  return { id: _id, ...rest }
}
