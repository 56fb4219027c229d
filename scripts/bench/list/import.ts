import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import { buildSchema } from '@redress/shared/subgraph/serve-subgraph.ts'
import { graphql } from 'graphql'
import type { MongoClient } from 'mongodb'
import { sealPersonalData } from '../../../issues-service/src/customers/mongo-personal-data.ts'
import { createImportResolvers } from '../../../issues-service/src/imports/import-resolvers.ts'
import { type Cost, measureInTurns } from './cpu.ts'
import type { BenchService } from './service.ts'

/** Rows of a page, and of a transaction in it. */
const PAGE = 1_000
const AT_ONCE = 250

const MUTATION = `mutation ($input: ImportRowsInput!, $rows: [ImportRowInput!]!) { importRows(input: $input, rows: $rows) {
  created refusedRows { row } import { position } } }`

type Options = Readonly<{ pids: readonly number[]; rounds: number; mongo: MongoClient }>

/**
 * The cost of importing a page of customers by the mutation, within the process, and the lower bound for the same work: the
 * same documents, with their encryption and hashes, written by transactions of the same size. Left out of the bound is all
 * that one may do otherwise: GraphQL, the checks of rows, the search for external ids that were used before.
 */
export function measureImport(
  service: BenchService,
  { mongo, ...options }: Options,
): Promise<Readonly<Record<'ours' | 'floor', Cost>>> {
  const importPage = createImportPage(service)
  const writePage = createWritePage(service, mongo)
  let files = 0
  const rowsOf = () => {
    const file = ++files
    return Array.from({ length: PAGE }, (_, index) => ({ line: index + 1, value: customerOf(`${file}-${index}`) }))
  }
  const contestants = { ours: () => importPage(`file-${files}`, rowsOf()), floor: () => writePage(rowsOf()) }
  return measureInTurns(contestants, { ...options, calls: 2 })
}

const customerOf = (name: string) => ({
  externalId: `crm-${name}`,
  email: `customer-${name}@example.org`,
  name: 'Mary Shelley',
  riskScore: 12,
  paymentMethods: [{ brand: 'Visa', last4: '4242', token: `pm_${name}` }],
})
type Rows = readonly Readonly<{ line: number; value: ReturnType<typeof customerOf> }>[]

function createImportPage({ useCases, importViewsOf }: BenchService) {
  const schemaFile = new URL('../../../issues-service/schema.graphql', import.meta.url)
  const schema = buildSchema({ schemaFile, resolvers: createImportResolvers({ ...useCases, importViewsOf }) })
  const principal = { id: 'bench', roles: ['admin'], customerId: null, tenant: DEFAULT_TENANT }
  const contextValue = { principal, requestId: 'bench', clientIp: null, trace: null }
  return async (idempotencyKey: string, rows: Rows) => {
    const input = { idempotencyKey, kind: 'CUSTOMERS', rowCount: rows.length, from: 1 }
    const { data, errors } = await graphql({ schema, source: MUTATION, variableValues: { input, rows }, contextValue })
    const { created } = (data?.importRows ?? {}) as { created?: number }
    if (created !== rows.length) throw new Error('Rows were not imported.', { cause: errors?.[0] })
  }
}

/** The documents of a page and the position of its import, in transactions. */
function createWritePage(service: BenchService, mongo: MongoClient) {
  const { collections, db } = service
  const outbox = db.collection('outbox')
  let pages = 0
  return async (rows: Rows) => {
    const importId = `floor-${++pages}`
    const at = new Date()
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const made = rows.slice(from, from + AT_ONCE).map(({ value }) => toDocuments(value, at, service))
      await mongo.withSession((session) =>
        session.withTransaction(async () => {
          await collections.dataKeys.insertMany(
            made.map(({ dataKey }) => dataKey),
            { session },
          )
          await collections.customers.insertMany(
            made.map(({ customer }) => customer),
            { session },
          )
          const events = made.map(({ event }) => event)
          await outbox.insertOne({ _id: `${importId}-${from}` as never, at, events }, { session })
          const position = { $set: { position: from + AT_ONCE, updatedAt: at } }
          await collections.imports.updateOne({ _id: importId }, position, { session, upsert: true })
        }),
      )
    }
  }
}

type Value = ReturnType<typeof customerOf>

function toDocuments(value: Value, at: Date, { blindIndex, master }: BenchService) {
  const { externalId, email, name, riskScore, paymentMethods } = value
  const _id = `floor_${externalId}`
  const methods = paymentMethods.map((method) => ({ ...method, id: 'pm_1', expiresAt: null, isBlocked: false }))
  const { wrapped, sealed } = sealPersonalData(_id, { email, name, paymentMethods: methods }, master)
  const hashes = { emailIndex: blindIndex.ofEmail(email), digest: blindIndex.ofInput(value) }
  const moments = { createdAt: at, updatedAt: at }
  const customer = { _id, tenant: DEFAULT_TENANT, externalId, riskScore, version: 1, ...moments, ...sealed, ...hashes }
  const event = JSON.stringify({ id: `${_id}-1`, type: 'customer.created', at, actor: 'bench', changes: { riskScore } })
  return { dataKey: { _id, wrapped }, customer, event }
}
