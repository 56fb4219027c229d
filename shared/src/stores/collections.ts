import { type Collection, type Db, type Document, type IndexDescription, MongoServerError } from 'mongodb'

/** Everything that is decided about one collection. */
export type CollectionDefinition<D extends Document = Document> = Readonly<{
  name: string
  indexes: readonly IndexDescription[]
  /** Names of indexes that earlier versions created and this one does not have. */
  formerIndexes: readonly string[]
  /** The field that names the customer a document belongs to, or null. */
  owner: string | null
  /** Fields with personal data, encrypted or free text. */
  personalFields: readonly string[]
  /** Documents are deleted `seconds` after the moment in `field`, by the index of that name. Null keeps them. */
  retention: Readonly<{ field: string; seconds: number; index: string }> | null
  /** Never set: holds the type of the documents. */
  document?: D
}>

export type Definitions = Readonly<Record<string, CollectionDefinition>>

/** The collections of a list of definitions, by the same names. */
export type CollectionsOf<T extends Definitions> = {
  readonly [Name in keyof T]: T[Name] extends CollectionDefinition<infer D> ? Collection<D> : never
}

/** Defines a collection of documents of type `D`. */
export function defineCollection<D extends Document>(
  definition: Pick<CollectionDefinition, 'name'> & Partial<CollectionDefinition<D>>,
): CollectionDefinition<D> {
  return { indexes: [], formerIndexes: [], owner: null, personalFields: [], retention: null, ...definition }
}

export function collectionsOf<T extends Definitions>(db: Db, definitions: T): CollectionsOf<T> {
  const collections = Object.entries(definitions).map(([key, { name }]) => [key, db.collection(name)])
  return Object.fromEntries(collections)
}

/** Creates the indexes of all collections, drops the former ones, and gives the collections. */
export async function openCollections<T extends Definitions>(db: Db, definitions: T): Promise<CollectionsOf<T>> {
  for (const { name, indexes, formerIndexes, retention } of Object.values(definitions)) {
    const all = [...indexes, ...(retention === null ? [] : [toIndex(retention)])]
    if (all.length > 0) await db.collection(name).createIndexes(all)
    // Afterwards: processes that are still at work have one or the other.
    for (const index of formerIndexes) await dropIndex(db.collection(name), index)
  }
  return collectionsOf(db, definitions)
}

/** Does nothing where the index, or the collection, is not there. */
async function dropIndex(collection: Collection, index: string): Promise<void> {
  try {
    await collection.dropIndex(index)
  } catch (error) {
    if (!(error instanceof MongoServerError) || !NOT_THERE.includes(Number(error.code))) throw error
  }
}
/** NamespaceNotFound and IndexNotFound. */
const NOT_THERE: readonly number[] = [26, 27]

function toIndex({ field, seconds, index }: NonNullable<CollectionDefinition['retention']>): IndexDescription {
  return { key: { [field]: 1 }, name: index, expireAfterSeconds: seconds }
}
