import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  parse,
} from 'graphql'
import type { ComplexityEstimator } from 'graphql-query-complexity'
import { type CostDirectives, type ListSize, readCostDirectives } from './cost-directives.ts'

/** Rows of a list that nothing is known about. */
const LIST_MULTIPLIER = 10
/** Costs beyond it are all the same, and sums of them still numbers. */
const COST_MAX = Number.MAX_SAFE_INTEGER

/** The lists of a type about itself are walked in memory, but they lead back to types; the others are short. */
const INTROSPECTION_LISTS = new Set([
  '__Type.fields',
  '__Type.inputFields',
  '__Type.interfaces',
  '__Type.possibleTypes',
])

export type FieldPrice = Readonly<{
  /** Of one value of the field, without what is below. */
  weight: number
  /** How many values there are. */
  rows: number
  /** How many times what is below is paid for each of them. */
  rowsBelow: number
}>

type Field = GraphQLField<unknown, unknown>
type Arguments = Readonly<Record<string, unknown>>

/** What each field of a schema costs. */
export type CostModel = Readonly<{
  schema: GraphQLSchema
  priceOf: (typeName: string, field: Field, args: Arguments) => FieldPrice
  slicingArgumentsOf: (typeName: string, field: Field) => readonly string[]
  estimators: ComplexityEstimator[]
}>

/**
 * A field costs `rows × (weight + what is below)`. Its weight is its own `@cost`, else that of its type, else 1 for an
 * object and 0 for a value. A field with `sizedFields` gives one object and counts the rows of its lists itself, so
 * that all below it is multiplied.
 *
 * The schema that clients see has lost its directives, so they are read from the `supergraph` it was made of.
 */
export function createCostModel(schema: GraphQLSchema, supergraph: string): CostModel {
  const directives = readCostDirectives(parse(supergraph, { noLocation: true }))
  const priceOf: CostModel['priceOf'] = (typeName, field, args) =>
    toPrice(directives, `${typeName}.${field.name}`, field, args)
  return {
    schema,
    priceOf,
    slicingArgumentsOf: (typeName, { name }) => directives.listSizes.get(`${typeName}.${name}`)?.slicingArguments ?? [],
    estimators: [({ type, field, args, childComplexity }) => costOf(priceOf(type.name, field, args), childComplexity)],
  }
}

export function costOf({ weight, rows, rowsBelow }: FieldPrice, below: number): number {
  return Math.min(rows * (weight + rowsBelow * below), COST_MAX)
}

function toPrice(directives: CostDirectives, coordinate: string, field: Field, args: Arguments): FieldPrice {
  const { weights, listSizes, sizedAbove } = directives
  const type = getNamedType(field.type)
  const weight = weights.get(coordinate) ?? weights.get(type.name) ?? (isLeafType(type) ? 0 : 1)

  const listSize = listSizes.get(coordinate)
  if (!isListType(getNullableType(field.type))) {
    return { weight, rows: 1, rowsBelow: listSize?.sizedFields.length ? rowsOf(listSize, args) : 1 }
  }
  if (sizedAbove.has(coordinate)) return { weight, rows: 1, rowsBelow: 1 }
  if (listSize) return { weight, rows: rowsOf(listSize, args), rowsBelow: 1 }
  const isShort = coordinate.startsWith('__') && !INTROSPECTION_LISTS.has(coordinate)
  return { weight, rows: isShort ? 1 : LIST_MULTIPLIER, rowsBelow: 1 }
}

/** The largest number that was given; a number that the service will refuse makes nothing cheaper than one row. */
function rowsOf({ slicingArguments, assumedSize }: ListSize, args: Arguments): number {
  const given = slicingArguments.map((name) => args[name]).filter((value) => typeof value === 'number')
  if (given.length === 0) return assumedSize ?? LIST_MULTIPLIER
  return Math.max(1, ...given)
}
