import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Collection } from '../storage/catalog.ts'
import type { Reader, Row } from '../storage/reader.ts'
import { decode, type Fields } from '../values/bson.ts'
import { textOf } from '../values/keys.ts'
import { compileFilter } from './matcher.ts'
import { type Plan, plan, refuseScan, type Sort } from './planner.ts'
import { sortDocuments } from './sort-documents.ts'
import { compileTest, type Test } from './stored-test.ts'

/** Documents that are read before other requests get a turn. */
const CHUNK = 500
/** Those that are read beyond as many as were wanted, at first: often one of a page does not fit, that of its cursor. */
const FIRST_MORE = 16

/** A document in its stored form; `fields` decodes it, when first used. */
export type Found = Readonly<{ id: Uint8Array; body: Uint8Array; fields: Fields }>

export function toFound(id: Uint8Array, body: Uint8Array): Found {
  let fields: Fields | undefined
  return {
    id,
    body,
    get fields() {
      fields ??= decode(body)
      return fields
    },
  }
}

/** The uncommitted writes of a transaction, by number of collection and id; the body of a deleted document is null. */
export type Overlay = ReadonlyMap<number, ReadonlyMap<string, Readonly<{ id: Uint8Array; body: Uint8Array | null }>>>

export type View = Readonly<{ reader: Reader; overlay: Overlay | null; refuseScans: boolean }>

/** `fits` is the test of the filter, when it is compiled already. */
export type Query = Readonly<{ filter: Fields; fits?: Test; sort: Sort; skip: number; limit: number }>
export type Statistics = { plan: Plan; keysExamined: number; docsExamined: number }

/** The documents that fit the filter, in order. A `limit` of 0 means all. */
export async function find(view: View, collection: Collection | null, query: Query): Promise<Found[]> {
  if (collection === null) {
    compileFilter(query.filter) // Refuses unsupported operators on a missing collection too.
    return []
  }
  return (await findWithStatistics(view, collection, query)).found
}

export async function findWithStatistics(view: View, collection: Collection, query: Query) {
  const { filter, sort, skip, limit, fits = compileTest(filter) } = query
  const chosen = plan(collection, filter, sort)
  if (view.refuseScans) refuseScan(chosen, collection, filter, sort)
  const statistics: Statistics = { plan: chosen, keysExamined: 0, docsExamined: 0 }
  const own = view.overlay?.get(collection.number)
  const overlaid = own !== undefined && own.size > 0

  const wanted = limit === 0 ? Number.POSITIVE_INFINITY : skip + limit
  const enough = overlaid || !givesOrder(chosen, sort) ? Number.POSITIVE_INFINITY : wanted
  const isMine = overlaid ? (row: Row) => own.has(textOf(row.id)) : () => false
  const gathered = await gather(chosen, { view, collection, fits, enough, isMine, seen: null, statistics })
  if (overlaid) {
    for (const { id, body } of ownOf(chosen, own)) if (body !== null && fits(body)) gathered.push(toFound(id, body))
  }
  const inOrder = sort.length > 0 && (overlaid || !isOneSortedRun(chosen)) ? sortDocuments(gathered, sort) : gathered
  return { found: inOrder.slice(skip, wanted), statistics }
}

type Own = NonNullable<ReturnType<Overlay['get']>>

/** The writes of a transaction that may fit. One that changes many documents by their ids would else test all for each. */
function ownOf(chosen: Plan, own: Own): Iterable<NonNullable<ReturnType<Own['get']>>> {
  if (chosen.kind !== 'ids') return own.values()
  return uniqueKeys(chosen.ids).flatMap((id) => own.get(textOf(id)) ?? [])
}

/**
 * The present state of a document that was found earlier; null when it was deleted or no longer fits. Synchronous, so
 * that a write in the same turn overwrites exactly the state that was read.
 */
export function lookAgain(view: View, collection: Collection, found: Found, fits: Test): Found | null {
  if (view.overlay) return found // Nothing changes for a transaction between two steps of one command.
  const body = view.reader.get(collection.number, found.id)
  if (body === null || Buffer.compare(body, found.body) === 0) return body && found
  return fits(body) ? toFound(found.id, body) : null
}

/** Whether each range gives its documents in the wanted order, so that reading can stop early. */
function givesOrder(chosen: Plan, sort: Sort): boolean {
  if (sort.length === 0) return true
  return (chosen.kind === 'index' || chosen.kind === 'scan') && chosen.sorted
}

function isOneSortedRun(chosen: Plan): boolean {
  if (chosen.kind === 'scan') return chosen.sorted
  return chosen.kind === 'index' && chosen.sorted && chosen.ranges.length === 1
}

type Gathering = Readonly<{
  view: View
  collection: Collection
  fits: Test
  /** The number of documents after which reading a range stops. */
  enough: number
  isMine: (row: Row) => boolean
  /** Documents already examined; null for an index that has each document once. */
  seen: Set<string> | null
  statistics: Statistics
}>

async function gather(chosen: Plan, gathering: Gathering): Promise<Found[]> {
  const { reader } = gathering.view
  const { number } = gathering.collection
  switch (chosen.kind) {
    case 'ids': {
      const rows = uniqueKeys(chosen.ids).flatMap((id) => {
        const body = reader.get(number, id)
        return body ? [{ key: id, id, body }] : []
      })
      return test(rows, gathering)
    }
    case 'either': {
      const lists: Found[][] = []
      for (const one of chosen.plans) lists.push(await gather(one, gathering))
      return [...new Map(lists.flat().map((found) => [textOf(found.id), found])).values()]
    }
    case 'index': {
      const { index, backwards } = chosen
      const seen = gathering.collection.arrays.has(index.name) ? new Set<string>() : null
      if (chosen.keys) return test(findKeys(gathering, index.number, chosen.keys), { ...gathering, seen })
      const lists: Found[][] = []
      for (const range of chosen.ranges) {
        const scan = (from: Uint8Array, before: Uint8Array | null, limit: number) =>
          reader.scanIndex({ idx: index.number, collection: number, from, before, backwards, limit })
        lists.push(await walk(scan, range, backwards, { ...gathering, seen }))
      }
      return lists.length === 1 ? lists[0]! : lists.flat()
    }
    case 'scan': {
      const { backwards, range } = chosen
      const scan = (from: Uint8Array, before: Uint8Array | null, limit: number) =>
        reader.scanDocuments({ collection: number, from, before, backwards, limit })
      return walk(scan, range, backwards, gathering)
    }
  }
}

/** The documents that have keys in a unique index. Without a scan, which costs more for each key. */
function findKeys(gathering: Gathering, idx: number, keys: readonly Buffer[]): Row[] {
  const { view, collection, statistics } = gathering
  const rows = keys.flatMap((key) => {
    const id = view.reader.entry(idx, key)
    const body = id && view.reader.get(collection.number, id)
    return body ? [{ key, id, body }] : []
  })
  statistics.keysExamined += rows.length
  return rows
}

type Scan = (from: Uint8Array, before: Uint8Array | null, limit: number) => readonly Row[]
type Range = Readonly<{ from: Uint8Array; before: Uint8Array | null }>

/** Reads a range in chunks that grow while few documents fit, with a turn for other requests between them. */
async function walk(scan: Scan, range: Range, backwards: boolean, gathering: Gathering): Promise<Found[]> {
  const found: Found[] = []
  let { from, before } = range
  let chunk = Math.min(CHUNK, Math.max(1, gathering.enough))
  let more = FIRST_MORE
  for (;;) {
    const rows = scan(from, before, chunk)
    gathering.statistics.keysExamined += rows.length
    for (const one of test(rows, gathering)) {
      found.push(one)
      if (found.length >= gathering.enough) return found
    }
    if (rows.length < chunk) return found
    const last = rows.at(-1)!.key
    if (backwards) before = last
    else from = Buffer.concat([last, Buffer.from([0])])
    chunk = Math.min(CHUNK, Math.max(more, gathering.enough - found.length))
    more *= 4
    await nextTurn()
  }
}

function test(rows: readonly Row[], { fits, isMine, seen, statistics }: Gathering): Found[] {
  const found: Found[] = []
  for (const row of rows) {
    if (isMine(row) || seen?.has(textOf(row.id))) continue
    seen?.add(textOf(row.id))
    statistics.docsExamined++
    if (fits(row.body)) found.push(toFound(row.id, row.body))
  }
  return found
}

function uniqueKeys(ids: readonly Buffer[]): readonly Buffer[] {
  return ids.length === 1 ? ids : [...new Map(ids.map((id) => [textOf(id), id])).values()]
}
