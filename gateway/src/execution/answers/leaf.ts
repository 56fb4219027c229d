import { type GraphQLLeafType, isEnumType } from 'graphql'
import { isExact, toNumber } from '../exact-json.ts'

/** The value that clients get for a value of a subgraph; undefined for one that the type does not have. */
export type ReadLeaf = (value: unknown) => unknown

const INT_MAX = 2 ** 31 - 1
/** From here on JavaScript writes numbers with an exponent. */
const INTEGER_MAX = 1e21

const BUILT_IN: Readonly<Record<string, ReadLeaf>> = {
  Boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  Int(value) {
    const number = toNumber(value)
    // Adding 0 turns -0 into 0.
    return Number.isInteger(number) && (number as number) >= -INT_MAX - 1 && (number as number) <= INT_MAX
      ? (number as number) + 0
      : undefined
  },
  Float(value) {
    const number = toNumber(value)
    return Number.isFinite(number) ? number : undefined
  },
  ID: readId,
  String: (value) => (typeof value === 'string' ? value : undefined),
}

/** An ID is a text, also where a subgraph has numbers. */
function readId(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (isExact(value)) return /^-?\d+$/.test(value.rawJSON) ? value.rawJSON : readId(toNumber(value))
  return Number.isInteger(value) && Math.abs(value as number) < INTEGER_MAX ? String(value) : undefined
}

/** How values of this type are read. Custom scalars are the subgraph's to check. */
export function readerOfLeaf(type: GraphQLLeafType): ReadLeaf {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map(({ name }) => name))
    return (value) => (names.has(value) ? value : undefined)
  }
  return BUILT_IN[type.name] ?? ((value) => value)
}
