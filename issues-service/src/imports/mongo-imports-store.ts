import { type OfTenant, sameTenant } from '@redress/shared/access/tenant.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import { inTransaction, isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { ClientSession, Collection, Filter, MongoClient } from 'mongodb'
import { ConflictError } from '../domain/errors.ts'
import { type Collections, toImport, toRefusedRow } from '../stores/collections.ts'
import { transactOnKeys } from '../stores/transact.ts'
import type { ImportsStore, ImportTransaction, JoinedStores } from './ports.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  collections: Collections
  /** The stores of what is imported, within a transaction. */
  joinedIn: (session: ClientSession) => JoinedStores
}>

/** Imports in MongoDB. Rows, what they create, and the position of their import share one transaction. */
export function createMongoImportsStore({ mongo, collections, joinedIn }: Dependencies): ImportsStore {
  const { imports } = collections
  return {
    async open({ id: _id, ...opening }) {
      try {
        const known = await imports.findOne({ _id })
        if (known) return toImport(known)
        await imports.insertOne({ _id, ...opening })
        return { id: _id, ...opening }
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        return toImport((await imports.findOne({ _id }))!)
      }
    },
    transact: (work) =>
      transactOnKeys(mongo, (session) => work({ ...joinedIn(session), save: saveIn(collections, session) })),
    async rehearse(work) {
      const rehearsal = inTransaction<never>(mongo, async (session) => {
        throw new Rehearsed(await work(joinedIn(session)))
      })
      return rehearsal.catch((error) => {
        if (error instanceof Rehearsed) return error.result
        throw error
      })
    },
  }
}

/** Ends the transaction of a rehearsal, so that nothing of it is stored. */
class Rehearsed<T> extends Error {
  readonly result: T

  constructor(result: T) {
    super('The rehearsal has ended.')
    this.result = result
  }
}

function saveIn({ imports, refusedRows }: Collections, session: ClientSession): ImportTransaction['save'] {
  return async ({ before, after: { id, ...after }, refused }) => {
    const { matchedCount } = await imports.updateOne(
      { _id: id, position: before.position },
      { $set: after },
      { session },
    )
    if (matchedCount === 0) throw new ConflictError(id, 'import')
    if (refused.length === 0) return
    const documents = refused.map((one) => ({ _id: `${id}-${one.row}`, importId: id, at: after.updatedAt, ...one }))
    await refusedRows.insertMany(documents, { session })
  }
}

/** Reads imports for callers: of a tenant, and of no other. */
export function createImportViews({ imports, refusedRows, customers, transactions }: Collections) {
  return (tenant: string) => {
    const ours = sameTenant(tenant)
    return {
      findCustomerIds: (externalIds: readonly string[]) => findIds(customers, ours, externalIds),
      findTransactionIds: (externalIds: readonly string[]) => findIds(transactions, ours, externalIds),
      async findImport(id: string) {
        const found = await imports.findOne({ _id: id, ...ours })
        return found && toImport(found)
      },
      pageOfImports: (page: PageArguments) =>
        readPage({
          ...{ collection: imports, filter: ours, order: { field: 'createdAt', direction: -1 }, page },
          toNode: toImport,
        }),
      /** In the order of the rows. */
      pageOfRefusedRows: (importId: string, page: PageArguments) =>
        readPage({
          ...{ collection: refusedRows, filter: { importId } },
          ...{ order: { field: 'row', direction: 1, unique: true }, page },
          toNode: toRefusedRow,
        }),
    }
  }
}
export type ImportViewsOf = ReturnType<typeof createImportViews>

/** The ids of those external ids that are known in a tenant. */
async function findIds<D extends { _id: string; tenant: string; externalId?: string }>(
  collection: Collection<D>,
  ours: OfTenant,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const filter = { ...ours, externalId: { $in: [...externalIds] } } as object as Filter<D>
  const found = await collection.find(filter, { projection: { externalId: 1 } }).toArray()
  return new Map(found.map(({ _id, externalId }) => [externalId!, String(_id)]))
}
