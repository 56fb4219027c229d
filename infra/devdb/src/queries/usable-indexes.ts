import type { Index } from '../storage/indexes.ts'
import { isObject, typeOf, type Value } from '../values/bson.ts'
import { compareValues } from '../values/keys.ts'
import type { Bound } from './key-range.ts'
import { isOperators } from './matcher.ts'

/** The conditions of a filter on one field that an index can serve: equality with one of `points`, and `bounds`. */
export type Demand = { points: readonly Value[] | null; bounds: Bound[] }

/** A sparse or partial index may only be used when the filter excludes the documents that the index leaves out. */
export function isUsable({ partial, sparse, fields }: Index, demands: ReadonlyMap<string, Demand>): boolean {
  if (sparse && !fields.some(({ name }) => mustExist(demands.get(name)))) return false
  if (partial === null) return true
  return Object.entries(partial.filter).every(([name, condition]) => implies(demands.get(name), condition))
}

function mustExist(demand: Demand | undefined): boolean {
  if (!demand) return false
  return demand.bounds.length > 0 || (demand.points?.every((value) => typeOf(value) !== 'null') ?? false)
}

function implies(demand: Demand | undefined, condition: Value): boolean {
  if (!isOperators(condition)) return demand?.points?.every((value) => compareValues(value, condition) === 0) ?? false
  if (!isObject(condition)) return false
  const operators = Object.keys(condition).join()
  if (operators === '$gt') return demand?.points?.every((value) => isGreater(value, condition.$gt!)) ?? false
  return operators === '$exists' && condition.$exists === true && mustExist(demand)
}

/** As `$gt`: only a value of the same type. */
function isGreater(value: Value, bound: Value): boolean {
  return typeOf(value) === typeOf(bound) && compareValues(value, bound) > 0
}

/** The fields that a usable partial index fixes to one value, as if they came first in it; not those of its key. */
export function countFixed({ partial, fields }: Index): number {
  const keyed = new Set(fields.map(({ name }) => name))
  const conditions = Object.entries(partial?.filter ?? {})
  return conditions.filter(([name, condition]) => !isOperators(condition) && !keyed.has(name)).length
}
