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

/** Assumed rows of a list of unknown size. */
const LIST_MULTIPLIER = 10
/** The highest cost, so that sums of costs stay exact numbers. */
const COST_MAX = Number.MAX_SAFE_INTEGER

/** Lists of the introspection that lead back to types and can be long; the others are short. */
const INTROSPECTION_LISTS = new Set([
  '__Type.fields',
  '__Type.inputFields',
  '__Type.interfaces',
  '__Type.possibleTypes',
])

export type FieldPrice = Readonly<{
  /** Cost of one value of the field, without the fields below. */
  weight: number
  /** Number of values. */
  rows: number
  /** Factor of the cost below, for each value. */
  rowsBelow: number
}>

type Field = GraphQLField<unknown, unknown>
type Arguments = Readonly<Record<string, unknown>>

/** The costs of the fields of a schema. */
export type CostModel = Readonly<{
  schema: GraphQLSchema
  priceOf: (typeName: string, field: Field, args: Arguments) => FieldPrice
  slicingArgumentsOf: (typeName: string, field: Field) => readonly string[]
  estimators: ComplexityEstimator[]
}>

/**
 * A field costs `rows × (weight + rowsBelow × cost below)`. Its weight is its own `@cost`, else that of its type, else 1 for an
 * object and 0 for a value. A field with `sizedFields` returns one object and counts the rows of its lists itself, as
 * a factor of the cost below.
 *
 * The schema that clients see has no directives, so they are read from the `supergraph`.
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

/** The largest of the numbers given, at least one row even for a number that the service will refuse. */
function rowsOf({ slicingArguments, assumedSize }: ListSize, args: Arguments): number {
  const given = slicingArguments.map((name) => args[name]).filter((value) => typeof value === 'number')
  if (given.length === 0) return assumedSize ?? LIST_MULTIPLIER
  return Math.max(1, ...given)
}
