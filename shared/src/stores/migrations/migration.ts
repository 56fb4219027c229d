import type { AnyBulkWriteOperation, ClientSession, Db, Document, Filter } from 'mongodb'

/** The place behind the last document of a page, such as its id. */
export type Position = string | number

/** The part of a migration that one transaction did; `next` is where the following one begins, null at the end. */
export type Page = Readonly<{ read: number; changed: number; next: Position | null }>

export type PageContext = Readonly<{ db: Db; session: ClientSession; position: Position | null }>

/** A change of the stored documents of a service, which is made once in each of its databases. */
export type Migration = Readonly<{
  /** Kebab-case, unique in the service, and permanent: the ledger names it. */
  id: string
  /** One line for the person who runs it. */
  description: string
  /** About how many documents it will read. */
  count: (db: Db) => Promise<number>
  /**
   * Does one page, from `position`, which is null at the beginning. It reads and writes through `session` only: the ledger
   * keeps `next` in the same transaction, and a dry run aborts it.
   */
  run: (context: PageContext) => Promise<Page>
}>

type StoredDocument = Document & { _id: Position }

type Walk<D extends StoredDocument> = Pick<Migration, 'id' | 'description'> &
  Readonly<{
    collection: string
    /** All documents where not given. It must be served by an index, as every query must. */
    filter?: Filter<D>
    /** Documents of one page: 500 where not given. */
    pageSize?: number
    /** The writes that these documents need, at most one for each. Other collections are read through the context. */
    change: (
      documents: readonly D[],
      context: PageContext,
    ) => readonly AnyBulkWriteOperation<D>[] | Promise<readonly AnyBulkWriteOperation<D>[]>
  }>

/** A migration that reads the documents of one collection in the order of their ids and changes some of them. */
export function walkCollection<D extends StoredDocument>(walk: Walk<D>): Migration {
  const { id, description, collection: name, filter = {}, pageSize = 500, change } = walk
  return {
    id,
    description,
    count: (db) => {
      const collection = db.collection<D>(name)
      return walk.filter ? collection.countDocuments(walk.filter) : collection.estimatedDocumentCount()
    },
    async run(context) {
      const { db, session, position } = context
      const collection = db.collection<D>(name)
      const behind = { ...filter, ...(position !== null && { _id: { $gt: position } }) } as Filter<D>
      const found = await collection.find(behind, { session }).sort({ _id: 1 }).limit(pageSize).toArray()
      const writes = found.length === 0 ? [] : await change(found as unknown as readonly D[], context)
      if (writes.length > 0) await collection.bulkWrite(writes, { session, ordered: false })
      const next = found.length < pageSize ? null : found.at(-1)!._id
      return { read: found.length, changed: writes.length, next }
    },
  }
}
