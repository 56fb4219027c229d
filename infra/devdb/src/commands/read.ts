import { BSON } from 'mongodb'
import { aggregate as runPipeline } from '../aggregation/aggregate.ts'
import type { Context } from '../database.ts'
import { CommandError, unsupported } from '../errors.ts'
import { RawBatch } from '../protocol/wire.ts'
import { readSort } from '../queries/planner.ts'
import { compileStoredProjection } from '../queries/projection.ts'
import { find as findDocuments, findWithStatistics } from '../queries/query.ts'
import { decode, encode, type Fields, isNumber, isObject, toNumber, type Value } from '../values/bson.ts'
import { encodeKey, textOf } from '../values/keys.ts'
import { toPath, valuesAt } from '../values/paths.ts'

const { Int32, Long } = BSON

export async function find(context: Context, command: Fields): Promise<Fields> {
  context.database.counts.query++
  const name = String(command.find)
  const query = {
    filter: (command.filter ?? {}) as Fields,
    sort: readSort(command.sort),
    skip: amount(command.skip, 'skip'),
    limit: amount(command.limit, 'limit'),
  }
  const projection = command.projection as Fields | undefined
  const found = await findDocuments(context.view, context.find(name), query)
  const project = projection && Object.keys(projection).length > 0 ? compileStoredProjection(projection) : null
  const bodies = found.map(({ body }) => (project ? project(body) : body))
  const single = command.singleBatch === true
  return { cursor: openCursor(context, name, { bodies, batchSize: count(command.batchSize), single }) }
}

export async function aggregate(context: Context, command: Fields): Promise<Fields> {
  context.database.counts.command++
  if (typeof command.aggregate !== 'string') throw unsupported('An aggregation over no collection')
  const name = command.aggregate
  const pipeline = command.pipeline as Fields[]
  if (context.transaction && pipeline.some((stage) => isObject(stage) && Object.hasOwn(stage, '$unionWith')))
    throw new CommandError(263, 'Stage not supported inside of a multi-document transaction: $unionWith')
  const documents = await runPipeline(name, pipeline, async (collection, query, projection) => {
    const project = projection && compileStoredProjection(projection)
    const found = await findDocuments(context.view, context.find(collection), query)
    return found.map((one) => (project ? decode(project(one.body)) : one.fields))
  })
  const batchSize = count((command.cursor as Fields | undefined)?.batchSize)
  return { cursor: openCursor(context, name, { bodies: documents.map(encode), batchSize, single: false }) }
}

type Opening = Readonly<{ bodies: readonly Uint8Array[]; batchSize: number | null; single: boolean }>

function openCursor(context: Context, name: string, { bodies, batchSize, single }: Opening): Fields {
  const ns = `${context.name}.${name}`
  const batch = context.database.cursors.open(ns, bodies, batchSize, single)
  return { firstBatch: new RawBatch(batch.bodies), id: batch.id, ns }
}

export function getMore({ database }: Context, command: Fields): Fields {
  database.counts.getmore++
  const { id, bodies, namespace } = database.cursors.next(toLong(command.getMore), count(command.batchSize))
  return { cursor: { nextBatch: new RawBatch(bodies), id, ns: namespace } }
}

export function killCursors({ database }: Context, command: Fields): Fields {
  const ids = (command.cursors as Value[]).map(toLong)
  const killed = ids.filter(database.cursors.kill)
  const notFound = ids.filter((id) => !killed.includes(id))
  return { cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [] }
}

export async function countDocuments(context: Context, command: Fields): Promise<Fields> {
  context.database.counts.command++
  const collection = context.find(String(command.count))
  const filter = (command.query ?? {}) as Fields
  if (collection && Object.keys(filter).length === 0 && !context.transaction && !command.limit && !command.skip) {
    return { n: new Int32(context.database.storage.countDocuments(collection.number)) }
  }
  const query = { filter, sort: [], skip: count(command.skip) ?? 0, limit: count(command.limit) ?? 0 }
  return { n: new Int32((await findDocuments(context.view, collection, query)).length) }
}

export async function distinct(context: Context, command: Fields): Promise<Fields> {
  context.database.counts.command++
  const query = { filter: (command.query ?? {}) as Fields, sort: [], skip: 0, limit: 0 }
  const found = await findDocuments(context.view, context.find(String(command.distinct)), query)
  const path = toPath(String(command.key))
  const values = found
    .flatMap(({ fields }) => valuesAt(fields, path))
    .flatMap((value): Value[] => (Array.isArray(value) ? value : [value]))
  const known = values.filter((value) => value !== undefined)
  return { values: [...new Map(known.map((value) => [textOf(encodeKey(value)), value])).values()] }
}

/** Runs a find and reports the index that it used and the numbers of keys and documents that it examined. */
export async function explain(context: Context, command: Fields): Promise<Fields> {
  const asked = command.explain as Fields
  const first = (asked.pipeline as Fields[] | undefined)?.[0]
  const name = String(asked.find ?? asked.aggregate)
  const collection = context.find(name)
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.name}.${name}`)
  const query = {
    filter: (asked.filter ?? first?.$match ?? {}) as Fields,
    sort: readSort(asked.sort),
    skip: 0,
    limit: count(asked.limit) ?? 0,
  }
  const { found, statistics } = await findWithStatistics({ ...context.view, refuseScans: false }, collection, query)
  const { plan, keysExamined, docsExamined } = statistics
  const stages = { ids: 'IDHACK', index: 'IXSCAN', either: 'OR', scan: 'COLLSCAN' }
  const isById = plan.kind === 'scan' && plan.range.before !== null
  const indexName = plan.kind === 'index' ? plan.index.name : isById ? '_id_' : undefined
  const stage = isById ? 'IXSCAN' : stages[plan.kind]
  return {
    queryPlanner: {
      namespace: `${context.name}.${name}`,
      winningPlan: { stage, indexName },
    },
    executionStats: {
      nReturned: new Int32(found.length),
      totalKeysExamined: new Int32(indexName === undefined ? 0 : keysExamined),
      totalDocsExamined: new Int32(docsExamined),
    },
  }
}

function amount(value: Value, name: string): number {
  const given = count(value) ?? 0
  if (given < 0) throw new CommandError(51024, `BSON field '${name}' value must be >= 0, actual value '${given}'`)
  return given
}

export function count(value: Value): number | null {
  return isNumber(value) ? toNumber(value) : null
}

function toLong(value: Value): BSON.Long {
  return value instanceof Long ? value : Long.fromNumber(toNumber(value))
}
