import { BSON } from 'mongodb'
import { CommandError, unsupported } from '../errors.ts'
import { type Fields, isNumber, isObject, lookUp, toNumber, type Value } from '../values/bson.ts'
import { compareValues, encodeKey, textOf } from '../values/keys.ts'
import { compileExpression, type Expression, toBsonNumber } from './expressions.ts'

const { Int32 } = BSON

type Accumulate = (compute: Expression) => (documents: readonly Fields[]) => Value

const known = (documents: readonly Fields[], compute: Expression) =>
  documents.map(compute).filter((value) => value !== undefined && value !== null)
const extreme =
  (wanted: 1 | -1): Accumulate =>
  (compute) =>
  (documents) =>
    known(documents, compute).reduce(
      (best: Value, value) => (best === null || compareValues(value, best) * wanted > 0 ? value : best),
      null,
    )
const sum = (values: readonly Value[]) => {
  const numbers = values.filter(isNumber)
  return toBsonNumber(
    numbers.reduce((total: number, value) => total + toNumber(value), 0),
    numbers,
  )
}

const ACCUMULATORS: Readonly<Record<string, Accumulate>> = {
  $sum: (compute) => (documents) => sum(documents.map(compute)),
  $count: () => (documents) => new Int32(documents.length),
  $avg: (compute) => (documents) => {
    const numbers = documents.map(compute).filter(isNumber).map(toNumber)
    return numbers.length === 0
      ? null
      : new BSON.Double(numbers.reduce((total, one) => total + one, 0) / numbers.length)
  },
  $min: extreme(-1),
  $max: extreme(1),
  $first: (compute) => (documents) => compute(documents[0]!) ?? null,
  $last: (compute) => (documents) => compute(documents.at(-1)!) ?? null,
  $push: (compute) => (documents) => documents.map(compute).filter((value) => value !== undefined),
  $addToSet: (compute) => (documents) => {
    const values = documents.map(compute).filter((value) => value !== undefined)
    return [...new Map(values.map((value) => [textOf(encodeKey(value)), value])).values()]
  },
}

/** One document for each group of documents with the same key. */
export function compileGroup({ _id, ...fields }: Fields): (documents: readonly Fields[]) => readonly Fields[] {
  const key = compileExpression(_id ?? null)
  const accumulators = Object.entries(fields).map(([name, definition]) => {
    if (!isObject(definition)) throw new CommandError(2, `The field '${name}' must be an accumulator object`)
    const [operator] = Object.keys(definition)
    const accumulate = operator === undefined ? undefined : lookUp(ACCUMULATORS, operator)
    if (!accumulate) throw unsupported(`The accumulator ${operator}`)
    return [name, accumulate(compileExpression(definition[operator!]))] as const
  })
  return (documents) => {
    const groups = new Map<string, { id: Value; members: Fields[] }>()
    for (const document of documents) {
      const id = key(document) ?? null
      const name = textOf(encodeKey(id))
      const group = groups.get(name)
      if (group) group.members.push(document)
      else groups.set(name, { id, members: [document] })
    }
    return [...groups.values()].map(({ id, members }) => ({
      _id: id,
      ...Object.fromEntries(accumulators.map(([name, accumulate]) => [name, accumulate(members)])),
    }))
  }
}
