import { BSON } from 'mongodb'
import { CommandError } from '../errors.ts'
import type { Fields } from '../values/bson.ts'
import { compareValues } from '../values/keys.ts'
import { buildIndex } from './build-index.ts'
import { FORMAT } from './file.ts'
import { type Index, readIndex } from './indexes.ts'
import type { Storage } from './storage.ts'

/** `arrays` has the names of indexes that have ever held an array; the planner must not intersect their bounds. */
export type Collection = { readonly number: number; readonly namespace: string; indexes: Index[]; arrays: Set<string> }

export type Catalog = Readonly<{
  find(namespace: string): Collection | null
  getOrCreate(namespace: string): Collection
  byNumber(number: number): Collection | null
  list(database: string): readonly Collection[]
  databases(): readonly string[]
  drop(namespace: string): boolean
  /** Returns how many were new. @throws CommandError when an index with other options has the name or the key. */
  createIndexes(collection: Collection, definitions: readonly Fields[]): number
  dropIndex(collection: Collection, name: string): void
  noteArray(collection: Collection, index: Index): void
}>

type Stored = { number: number; indexes: { number: number; definition: Fields }[]; arrays: string[] }

/** `lastNumber` is the last that a collection or an index was given; no number is given twice. */
type State = { readonly storage: Storage; readonly collections: Map<string, Collection>; lastNumber: number }

/**
 * The collections and their indexes. Definitions are kept in the file, beside the documents. Indexes of an older format
 * are built again.
 */
export function openCatalog(storage: Storage): Catalog {
  const state: State = { storage, collections: new Map(), lastNumber: 0 }
  const { collections } = state
  readAll(state)
  upgrade(state)
  storage.onUndone(() => readAll(state))
  return {
    find: (namespace) => collections.get(namespace) ?? null,
    getOrCreate: (namespace) => collections.get(namespace) ?? create(state, namespace),
    byNumber: (number) => collections.values().find((one) => one.number === number) ?? null,
    list: (database) => [...collections.values()].filter(({ namespace }) => namespace.startsWith(`${database}.`)),
    databases: () => [
      ...new Set([...collections.keys()].map((namespace) => namespace.slice(0, namespace.indexOf('.')))),
    ],
    drop: (namespace) => drop(state, namespace),
    createIndexes: (collection, definitions) => createIndexes(state, collection, definitions),
    dropIndex: (collection, name) => dropIndex(storage, collection, name),
    noteArray(collection, { name }) {
      if (collection.arrays.has(name)) return
      collection.arrays.add(name)
      keep(storage, collection)
    },
  }
}

/** Reads what is stored. Collections that are known already remain the same objects, because commands hold them. */
function readAll(state: State): void {
  const { storage, collections } = state
  const stored = storage.readCatalog()
  const names = new Set(stored.map(({ name }) => name))
  for (const name of collections.keys()) if (!names.has(name)) collections.delete(name)
  for (const { name, definition } of stored) {
    const { number, indexes, arrays } = BSON.EJSON.parse(definition, { relaxed: false }) as unknown as Stored
    const read = indexes.map((one) => readIndex(one.definition, Number(one.number)))
    const contents = { indexes: read, arrays: new Set(arrays) }
    const known = collections.get(name)
    if (known?.number === Number(number)) Object.assign(known, contents)
    else collections.set(name, { number: Number(number), namespace: name, ...contents })
    state.lastNumber = Math.max(state.lastNumber, Number(number), ...read.map((index) => index.number))
  }
}

function keep(storage: Storage, { namespace, number, indexes, arrays }: Collection): void {
  const stored = {
    number,
    indexes: indexes.map((index) => ({ number: index.number, definition: index.definition })),
    arrays: [...arrays],
  }
  storage.writeCatalog(namespace, BSON.EJSON.stringify(stored, { relaxed: false }))
}

function create(state: State, namespace: string): Collection {
  if (!/^[^.\0$]+\.[^\0$]+$/.test(namespace)) throw new CommandError(73, `Invalid namespace specified '${namespace}'`)
  const created: Collection = { number: ++state.lastNumber, namespace, indexes: [], arrays: new Set() }
  state.collections.set(namespace, created)
  keep(state.storage, created)
  return created
}

function drop({ storage, collections }: State, namespace: string): boolean {
  const collection = collections.get(namespace)
  if (!collection) return false
  for (const { number } of collection.indexes) storage.clearIndex(number)
  storage.clearCollection(collection.number)
  storage.writeCatalog(namespace, null)
  return collections.delete(namespace)
}

/** All of the indexes are created, or none: the entries of those that were built before a failure are removed. */
function createIndexes(state: State, collection: Collection, definitions: readonly Fields[]): number {
  const { storage } = state
  const before = collection.indexes
  const added: Index[] = []
  try {
    for (const definition of definitions) {
      const index = readIndex(definition, state.lastNumber + 1)
      if (isKnown(collection, index)) continue
      state.lastNumber++
      added.push(index)
      buildIndex(storage, collection, index)
      collection.indexes = [...before, ...added]
    }
  } catch (error) {
    for (const { number } of added) storage.clearIndex(number)
    collection.indexes = before
    throw error
  }
  if (added.length > 0) keep(storage, collection)
  return added.length
}

function dropIndex(storage: Storage, collection: Collection, name: string): void {
  const dropped = collection.indexes.filter((index) => name === '*' || index.name === name)
  if (dropped.length === 0 && name !== '*') throw new CommandError(27, `index not found with name [${name}]`)
  for (const { number } of dropped) storage.clearIndex(number)
  collection.indexes = collection.indexes.filter((index) => !dropped.includes(index))
  keep(storage, collection)
}

function isKnown({ indexes }: Collection, wanted: Index): boolean {
  if (wanted.fields.length === 1 && wanted.fields[0]!.name === '_id' && wanted.fields[0]!.direction === 1) return true
  const sameName = indexes.find(({ name }) => name === wanted.name)
  if (sameName && !isAlike(sameName, wanted)) {
    throw new CommandError(86, `An existing index has the same name as the requested index: ${wanted.name}`)
  }
  const alike = sameName ?? indexes.find((index) => isAlike(index, wanted))
  if (!alike) return false
  if (sameName && sameName.expireAfterSeconds === wanted.expireAfterSeconds) return true
  throw new CommandError(85, `Index already exists with a different name or options: ${alike.name}`)
}

/** Whether two indexes have the same keys and options, apart from their expiry. */
function isAlike(a: Index, b: Index): boolean {
  const traitsOf = ({ unique, sparse, definition }: Index) => [
    definition.key,
    unique,
    sparse,
    definition.partialFilterExpression ?? null,
  ]
  return compareValues(traitsOf(a), traitsOf(b)) === 0
}

/** The oldest format of which the entries can be used as they are. */
const OLDEST_READABLE = 1

function upgrade({ storage, collections }: State): void {
  const format = storage.readFormat()
  if (format === FORMAT) return
  for (const collection of format < OLDEST_READABLE ? collections.values() : []) {
    for (const index of collection.indexes) {
      storage.clearIndex(index.number)
      buildIndex(storage, collection, index)
    }
    keep(storage, collection)
  }
  storage.writeFormat(FORMAT)
  storage.commit()
}
