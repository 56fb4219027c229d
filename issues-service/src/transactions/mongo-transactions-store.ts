import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import {
  type Collections,
  CUSTOMER_FIELDS,
  type TransactionDocument,
  toCustomer,
  toTransaction,
} from '../stores/collections.ts'
import { transactOnKeys } from '../stores/transact.ts'
import type { NewTransaction, TransactionsStore, TransactionsTransaction } from './ports.ts'

type Dependencies = Readonly<{ collections: Collections; outbox: Outbox }>

/** Payments in MongoDB. A change and its event share one transaction. */
export function createMongoTransactionsStore({
  mongo,
  ...dependencies
}: Dependencies & Readonly<{ mongo: MongoClient }>): TransactionsStore {
  const transactionIn = createTransactionsTransactions(dependencies)
  return {
    transact: (tenant, work) => transactOnKeys(mongo, (session) => work(transactionIn(session, tenant))),
  }
}

/** The same, within a transaction that the caller has begun. It finds nothing of another tenant. */
export function createTransactionsTransactions({ collections, outbox }: Dependencies) {
  const { customers, transactions } = collections
  return (session: ClientSession, tenant: string): TransactionsTransaction => ({
    async findClaimed(externalIds) {
      const found = await transactions
        .find({ ...sameTenant(tenant), externalId: { $in: [...externalIds] } }, { session })
        .toArray()
      return found.map((document) => ({
        externalId: document.externalId!,
        entity: toTransaction(document),
        digest: document.digest!,
      }))
    },
    async findCustomers(ids) {
      const named = { _id: { $in: [...ids] }, ...sameTenant(tenant) }
      const found = await customers.find(named, { projection: CUSTOMER_FIELDS, session }).toArray()
      return new Map(found.map((document) => [document._id, toCustomer(document)]))
    },
    async insert(created) {
      await transactions.insertMany(created.map(toDocument), { session })
      await outbox.add(
        created.map(({ event }) => event),
        session,
      )
    },
    async find(id) {
      const document = await transactions.findOne({ _id: id, ...sameTenant(tenant) }, { session })
      return document && toTransaction(document)
    },
    async save({ transaction: { id, status, refunded, shipping, version, updatedAt }, event }) {
      await transactions.updateOne(
        { _id: id },
        { $set: { status, refunded, shipping, version, updatedAt } },
        { session },
      )
      await outbox.add([event], session)
    },
  })
}

function toDocument({ transaction: { id: _id, externalId, ...rest }, digest }: NewTransaction): TransactionDocument {
  return { _id, ...rest, ...(externalId !== null && { externalId }), digest }
}
