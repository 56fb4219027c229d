import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { MasterKeys } from '@redress/shared/stores/encryption.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import { type Collections, CUSTOMER_FIELDS, type CustomerDocument, toCustomer } from '../stores/collections.ts'
import { transactOnKeys } from '../stores/transact.ts'
import type { CustomerChange, PersonalData } from './customer.ts'
import { findDataKey, openPersonalData, sealFields, sealPersonalData } from './mongo-personal-data.ts'
import type { BlindIndex, CustomersStore, CustomersTransaction, NewCustomer } from './ports.ts'

type Dependencies = Readonly<{ collections: Collections; outbox: Outbox; master: MasterKeys; blindIndex: BlindIndex }>

/** Customers in MongoDB. A change, its event and the encrypted personal data share one transaction. */
export function createMongoCustomersStore({
  mongo,
  ...dependencies
}: Dependencies & Readonly<{ mongo: MongoClient }>): CustomersStore {
  const transactionIn = createCustomersTransactions(dependencies)
  return {
    transact: (tenant, work) => transactOnKeys(mongo, (session) => work(transactionIn(session, tenant))),
  }
}

/** The same, within a transaction that the caller has begun. It finds nothing of another tenant. */
export function createCustomersTransactions(dependencies: Dependencies) {
  const { collections, master } = dependencies
  const { customers } = collections
  return (session: ClientSession, tenant: string): CustomersTransaction => ({
    async findClaimed(externalIds) {
      const projection = { ...CUSTOMER_FIELDS, digest: 1 }
      const named = { ...sameTenant(tenant), externalId: { $in: [...externalIds] } }
      const found = await customers.find(named, { projection, session }).toArray()
      return found.map((document) => ({
        externalId: document.externalId!,
        entity: toCustomer(document),
        digest: document.digest!,
      }))
    },
    insert: (created) => insert(dependencies, created, session),
    async find(id) {
      const document = await customers.findOne({ _id: id, ...sameTenant(tenant) }, { session })
      if (document === null) return null
      const dataKey = await findDataKey(collections, { customerId: id, master, session })
      return { customer: toCustomer(document), personal: dataKey && openPersonalData(document, dataKey) }
    },
    save: (change, personal) => save(dependencies, { change, personal, session }),
  })
}

async function insert(dependencies: Dependencies, created: readonly NewCustomer[], session: ClientSession) {
  const { collections, outbox } = dependencies
  const documents = created.map((one) => toDocuments(one, dependencies))
  const dataKeys = documents.map(({ dataKey }) => dataKey)
  const customers = documents.map(({ customer }) => customer)
  const events = created.map(({ event }) => event)
  await collections.dataKeys.insertMany(dataKeys, { session })
  await collections.customers.insertMany(customers, { session })
  await outbox.add(events, session)
}

type Saving = Readonly<{ change: CustomerChange; personal: Partial<PersonalData>; session: ClientSession }>

async function save(
  { collections, outbox, master, blindIndex }: Dependencies,
  { change: { customer, event }, personal, session }: Saving,
) {
  const { id, riskScore, version, updatedAt } = customer
  const dataKey = await findDataKey(collections, { customerId: id, master, session })
  const sealed = dataKey === null ? {} : sealFields(id, personal, dataKey)
  const emailIndex = personal.email === undefined ? {} : { emailIndex: blindIndex.ofEmail(personal.email) }
  const changed = { riskScore, version, updatedAt, ...sealed, ...emailIndex }
  await collections.customers.updateOne({ _id: id }, { $set: changed }, { session })
  await outbox.add([event], session)
}

function toDocuments({ customer, personal, digest }: NewCustomer, { master, blindIndex }: Dependencies) {
  const { id: _id, externalId, ...rest } = customer
  const { wrapped, sealed } = sealPersonalData(_id, personal, master)
  const document: CustomerDocument = {
    ...{ _id, ...rest, ...(externalId !== null && { externalId }) },
    ...{ ...sealed, emailIndex: blindIndex.ofEmail(personal.email), digest },
  }
  return { dataKey: { _id, wrapped }, customer: document }
}
