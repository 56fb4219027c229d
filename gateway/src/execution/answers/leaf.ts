import { type GraphQLLeafType, isEnumType } from 'graphql'

/** From here on JSON writes numbers with an exponent, which is not an integer in GraphQL. */
const INTEGER_MAX = 1e21

const isInteger = (value: unknown) => Number.isInteger(value) && Math.abs(value as number) < INTEGER_MAX
const isText = (value: unknown) => typeof value === 'string'

const BUILT_IN: Readonly<Record<string, (value: unknown) => boolean>> = {
  Boolean: (value) => typeof value === 'boolean',
  Int: isInteger,
  Float: (value) => Number.isFinite(value),
  ID: (value) => isText(value) || isInteger(value),
  String: isText,
}

/** Whether a value of a subgraph is valid for this type. Custom scalars are the subgraph's to check. */
export function isValidLeaf(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map(({ name }) => name))
    return (value) => names.has(value)
  }
  return BUILT_IN[type.name] ?? (() => true)
}
