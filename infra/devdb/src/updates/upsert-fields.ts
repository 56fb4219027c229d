import { CommandError } from '../errors.ts'
import { isOperators } from '../queries/matcher.ts'
import { decode, encode, type Fields, typeOf, type Value } from '../values/bson.ts'
import { toPath } from '../values/paths.ts'
import { setAt } from './set-at.ts'

/**
 * The document that an upsert starts from: the fields that the filter compares by equality.
 * @throws CommandError NotSingleValueField when the filter gives a field twice.
 */
export function fieldsFromFilter(filter: Fields): Fields {
  const demands = demandsOf(filter)
  refuseTwice(demands.map(([name]) => name))
  const fields: Fields = {}
  for (const [name, value] of demands) setAt(fields, toPath(name), value)
  return decode(encode(fields)) // A copy, because the update changes it in place.
}

type Demand = readonly [name: string, value: Value]

/** The equalities that every document that fits must satisfy. */
function demandsOf(filter: Fields): Demand[] {
  return Object.entries(filter).flatMap(([name, condition]): Demand[] => {
    const branches = Array.isArray(condition) ? (condition as Fields[]) : []
    if (name === '$and' || (name === '$or' && branches.length === 1)) return branches.flatMap(demandsOf)
    if (name.startsWith('$')) return []
    return pointsOf(condition)
      .filter((point) => typeOf(point) !== 'regex')
      .map((point) => [name, point])
  })
}

function pointsOf(condition: Value): readonly Value[] {
  if (!isOperators(condition)) return [condition]
  const all = Array.isArray(condition.$all) ? condition.$all : []
  return condition.$eq === undefined ? all : [condition.$eq, ...all]
}

function refuseTwice(names: readonly string[]): void {
  const sorted = names.toSorted()
  for (const [at, name] of sorted.entries()) {
    const next = sorted[at + 1]
    if (next === name || next?.startsWith(`${name}.`)) {
      throw new CommandError(54, `cannot infer query fields to set, '${name}' and '${next}' are both matched`)
    }
  }
}
