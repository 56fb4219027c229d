import { CommandError } from '../errors.ts'
import type { Collection } from '../storage/catalog.ts'
import { encodeColumn, type Index, type IndexField } from '../storage/indexes.ts'
import type { KeyRange } from '../storage/reader.ts'
import { type Fields, isObject, toNumber, typeOf, type Value } from '../values/bson.ts'
import { encodeKey, textOf } from '../values/keys.ts'
import { isPosition, toPath } from '../values/paths.ts'
import { type Bound, toRange } from './key-range.ts'
import { isOperators } from './matcher.ts'
import { countFixed, type Demand, isUsable } from './usable-indexes.ts'

/** The fields of a sort, the first one first. */
export type Sort = readonly Readonly<{ name: string; direction: 1 | -1 }>[]

/**
 * Where to look for the documents of a query. The filter is always tested on each, so a plan may give too many documents
 * but never too few. `sorted` says that each range gives its documents in the wanted order.
 */
export type Plan =
  | Readonly<{ kind: 'ids'; ids: readonly Buffer[] }>
  /** `keys` are those of a unique index, when all of its fields are given; null otherwise. */
  | Readonly<{
      kind: 'index'
      index: Index
      ranges: readonly KeyRange[]
      keys: readonly Buffer[] | null
      backwards: boolean
      sorted: boolean
    }>
  | Readonly<{ kind: 'either'; plans: readonly Plan[] }>
  /** All documents in the order of their ids, or those in a range of ids. */
  | Readonly<{ kind: 'scan'; range: KeyRange; backwards: boolean; sorted: boolean }>

/** The most ranges of one plan. `$in` on several fields multiplies them; further fields are left to the filter. */
const RANGES_MAX = 1000

/** Chooses the ids of the filter, else the index with the highest score, else an index per `$or` branch, else a scan. */
export function plan(collection: Collection, filter: Fields, sort: Sort): Plan {
  const demands = readDemands(filter)
  const ids = demands.get('_id')?.points
  if (ids) return { kind: 'ids', ids: ids.map(encodeKey) }

  const candidates = collection.indexes
    .filter((index) => isUsable(index, demands))
    .map((index) => consider(collection, index, demands, sort))
    .filter((candidate) => candidate.score > 0)
    .sort((a, b) => b.score - a.score)
  if (candidates[0]) return candidates[0].plan
  return planEither(collection, filter, sort) ?? planScan(demands.get('_id')?.bounds ?? [], sort)
}

/** @throws CommandError when a plan scans a whole collection and there is a filter, or a sort that needs an index. */
export function refuseScan(plan: Plan, { namespace }: Collection, filter: Fields, sort: Sort): void {
  if (plan.kind !== 'scan' || plan.range.before !== null) return
  if (Object.keys(filter).length === 0 && plan.sorted) return
  const asked = [...Object.keys(filter), ...sort.map(({ name }) => `sort by ${name}`)].join(', ')
  throw new CommandError(291, `No index of ${namespace} serves a query by ${asked}`)
}

const ID_FIELD: Pick<IndexField, 'name' | 'direction'> = { name: '_id', direction: 1 }

function planScan(bounds: readonly Bound[], sort: Sort): Plan {
  const byId = sort.length === 0 || (sort.length === 1 && sort[0]!.name === '_id')
  const range = toRange(Buffer.alloc(0), ID_FIELD, bounds)
  return { kind: 'scan', range, backwards: byId && sort[0]?.direction === -1, sorted: byId }
}

/** Plans each branch of an `$or` on its own; null when one of them would be a scan. */
function planEither(collection: Collection, filter: Fields, sort: Sort): Plan | null {
  const { $or, ...rest } = filter
  if (!Array.isArray($or)) return null
  const plans = $or.map((branch) => plan(collection, { $and: [rest, branch as Fields] }, sort))
  return plans.every(({ kind }) => kind !== 'scan') ? { kind: 'either', plans } : null
}

/** Collects conditions from the filter and its `$and` branches. Other logical operators are left to the filter. */
function readDemands(filter: Fields, demands = new Map<string, Demand>()): Map<string, Demand> {
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and') for (const branch of condition as Fields[]) readDemands(branch, demands)
    if (name.startsWith('$')) continue
    const demand = demands.get(name) ?? { points: null, bounds: [] }
    demands.set(name, demand)
    if (!isOperators(condition)) setPoints(name, demand, [condition])
    else readOperators(name, demand, condition)
  }
  return demands
}

function readOperators(name: string, demand: Demand, condition: Fields): void {
  for (const [operator, value] of Object.entries(condition)) {
    if (operator === '$eq') setPoints(name, demand, [value])
    if (operator === '$in' && Array.isArray(value)) setPoints(name, demand, value)
    if (operator === '$gt' || operator === '$gte' || operator === '$lt' || operator === '$lte') {
      if (typeOf(value) !== 'array' && typeOf(value) !== 'null') demand.bounds.push({ operator, value })
    }
  }
}

/**
 * Patterns and whole arrays are left to the filter, because they do not correspond to one key. So is null by position: a
 * document in the array that has no field of this name fits, but has no key.
 */
function setPoints(name: string, demand: Demand, values: readonly Value[]): void {
  const unfindable = toPath(name).some(isPosition) ? ['regex', 'array', 'null'] : ['regex', 'array']
  const findable = values.every((value) => !unfindable.includes(typeOf(value)))
  if (findable && demand.points === null) demand.points = values
}

type Candidate = Readonly<{ score: number; plan: Plan }>

/**
 * Uses as many leading fields by equality as possible, then one field by range; the fields after those of equality may
 * give the order. The score prefers a whole unique key, then equality, then order, then a range; several ranges cost 1.
 */
function consider(collection: Collection, index: Index, demands: ReadonlyMap<string, Demand>, sort: Sort): Candidate {
  let prefixes: Buffer[] = [Buffer.alloc(0)]
  let equal = 0
  let single = true
  for (const { name, direction } of index.fields) {
    const points = demands.get(name)?.points
    if (!points || prefixes.length * points.length > RANGES_MAX) break
    const keys = unique(points.map((value) => encodeColumn(value, direction)))
    prefixes = prefixes.flatMap((prefix) => keys.map((key) => Buffer.concat([prefix, key])))
    single &&= keys.length === 1
    equal++
  }
  const next = index.fields[equal]
  const bounds = next ? (demands.get(next.name)?.bounds ?? []) : []
  // A document with an array is in the index once per item, and different items may satisfy the two bounds of a range.
  const holdsLists = collection.arrays.has(index.name)
  const usedBounds = holdsLists ? bounds.slice(0, 1) : bounds
  const ranges = prefixes.map((prefix) => toRange(prefix, next, usedBounds))

  const mayMissOrder = holdsLists && usedBounds.length > 0
  const order = mayMissOrder ? null : sortDirection(index, { equal, holdsLists, sort })
  const sorted = sort.length > 0 && order !== null
  const whole = index.unique && equal === index.fields.length
  const score =
    (equal + countFixed(index)) * 4 +
    (usedBounds.length > 0 ? 1 : 0) +
    (sorted ? 3 : 0) +
    (whole ? 10 : 0) -
    (single ? 0 : 1)
  const keys = whole ? prefixes : null
  const inOrder = sorted || sort.length === 0
  return { score, plan: { kind: 'index', index, ranges, keys, backwards: order === -1, sorted: inOrder } }
}

type Ordering = Readonly<{ equal: number; holdsLists: boolean; sort: Sort }>

/**
 * The direction in which an index gives the wanted order, when its first `equal` fields are fixed by equality; null when
 * neither does. A field with arrays is never fixed: an array sorts by its least or greatest item, and another may fit.
 */
function sortDirection({ fields, sparse }: Index, { equal, holdsLists, sort }: Ordering): 1 | -1 | null {
  if (sparse) return null
  const fixed = new Set(holdsLists ? [] : fields.slice(0, equal).map(({ name }) => name))
  const wanted = sort.filter(({ name }) => !fixed.has(name))
  const given = fields.slice(equal)
  // Keys of an index that is not unique end with the id of the document.
  const all: readonly Pick<IndexField, 'name' | 'direction'>[] = [...given, { name: '_id', direction: 1 }]
  const first = wanted[0]
  if (!first) return 1
  const way = (first.direction * (all[0]?.direction ?? 1)) as 1 | -1
  const fits = wanted.every(
    ({ name, direction }, at) => all[at]?.name === name && all[at]!.direction * way === direction,
  )
  return fits ? way : null
}

const unique = (keys: readonly Buffer[]) => [...new Map(keys.map((key) => [textOf(key), key])).values()]

export function readSort(sort: Value): Sort {
  if (!isObject(sort)) return []
  return Object.entries(sort).map(([name, direction]) => ({ name, direction: toNumber(direction) < 0 ? -1 : 1 }))
}
