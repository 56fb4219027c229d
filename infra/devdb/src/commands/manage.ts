import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BSON } from 'mongodb'
import { type Context, type Database, whenUnwritten } from '../database.ts'
import { CommandError, unsupported } from '../errors.ts'
import { RawBatch } from '../protocol/wire.ts'
import type { Collection } from '../storage/catalog.ts'
import { encode, type Fields } from '../values/bson.ts'

const { Int32, Long } = BSON

export function create(context: Context, command: Fields): Fields {
  context.getOrCreate(String(command.create))
  return {}
}

export async function drop(context: Context, command: Fields): Promise<Fields> {
  const collection = context.find(String(command.drop))
  if (collection) await dropCollection(context.database, collection)
  return {}
}

export async function dropDatabase({ database, name }: Context): Promise<Fields> {
  for (const collection of database.catalog.list(name)) await dropCollection(database, collection)
  return { dropped: name }
}

async function dropCollection(database: Database, collection: Collection): Promise<void> {
  await whenUnwritten(database, collection)
  database.catalog.drop(collection.namespace)
  database.cursors.killAll(collection.namespace)
}

export function listCollections({ database, name }: Context, command: Fields): Fields {
  const wanted = (command.filter as Fields | undefined)?.name
  const names = database.catalog.list(name).map(({ namespace }) => namespace.slice(name.length + 1))
  const shown = names
    .filter((one) => wanted === undefined || one === wanted)
    .map((one) => ({ name: one, type: 'collection', options: {}, info: { readOnly: false } }))
  return cursorOver(`${name}.$cmd.listCollections`, shown)
}

export function listDatabases({ database }: Context): Fields {
  return {
    databases: database.catalog.databases().map((name) => ({ name, sizeOnDisk: Long.ZERO, empty: false })),
    totalSize: Long.ZERO,
  }
}

export async function createIndexes(context: Context, command: Fields): Promise<Fields> {
  const collection = context.getOrCreate(String(command.createIndexes))
  await whenUnwritten(context.database, collection)
  const before = collection.indexes.length + 1
  const added = context.database.catalog.createIndexes(collection, command.indexes as Fields[])
  return { numIndexesBefore: new Int32(before), numIndexesAfter: new Int32(before + added) }
}

export function listIndexes(context: Context, command: Fields): Fields {
  const name = String(command.listIndexes)
  const collection = context.find(name)
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.name}.${name}`)
  const idIndex = { v: new Int32(2), key: { _id: new Int32(1) }, name: '_id_' }
  const others = collection.indexes.map(({ definition }) => ({ v: new Int32(2), ...definition }))
  return cursorOver(collection.namespace, [idIndex, ...others])
}

export function dropIndexes(context: Context, command: Fields): Fields {
  const collection = context.find(String(command.dropIndexes))
  if (!collection) throw new CommandError(26, 'ns not found')
  if (typeof command.index !== 'string') throw unsupported('Dropping an index by its key')
  context.database.catalog.dropIndex(collection, command.index)
  return {}
}

function cursorOver(ns: string, documents: readonly Fields[]): Fields {
  return { cursor: { id: Long.ZERO, ns, firstBatch: new RawBatch(documents.map(encode)) } }
}

export function serverStatus({ database }: Context): Fields {
  const opcounters = Object.fromEntries(
    Object.entries(database.counts).map(([name, count]) => [name, Long.fromNumber(count)]),
  )
  const { rss } = process.memoryUsage()
  return {
    process: 'devdb',
    pid: Long.fromNumber(process.pid),
    uptime: (Date.now() - database.startedAt.getTime()) / 1000,
    opcounters,
    mem: { resident: new Int32(Math.round(rss / 2 ** 20)) },
  }
}

/** The disk that holds the file, as MongoDB reports it. Sizes of collections are not kept. */
export async function dbStats({ database, name }: Context): Promise<Fields> {
  const { bsize, blocks, bavail } = await statfs(dirname(database.path))
  return {
    db: name,
    collections: Long.fromNumber(database.catalog.list(name).length),
    fsUsedSize: (blocks - bavail) * bsize,
    fsTotalSize: blocks * bsize,
  }
}

export function buildInfo(): Fields {
  return {
    version: '8.0.0',
    versionArray: [8, 0, 0, 0],
    gitVersion: 'devdb',
    modules: ['devdb'],
    maxBsonObjectSize: 16 * 1024 * 1024,
  }
}

/** Answers as the primary of a replica set of one, so that drivers offer transactions and retryable writes. */
export function hello(address: string): Fields {
  return {
    isWritablePrimary: true,
    ismaster: true,
    helloOk: true,
    setName: 'devdb',
    setVersion: 1,
    hosts: [address],
    primary: address,
    me: address,
    secondary: false,
    minWireVersion: 0,
    maxWireVersion: 25,
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    logicalSessionTimeoutMinutes: 30,
    localTime: new Date(),
    readOnly: false,
  }
}
