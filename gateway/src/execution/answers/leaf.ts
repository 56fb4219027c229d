import { type GraphQLLeafType, isEnumType } from 'graphql'

/** Above it JSON writes a number in another way, and so would the subgraph have. */
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

/** Whether a value that a subgraph sent can be of this type. Of other scalars only the subgraph knows. */
export function isValidLeaf(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map(({ name }) => name))
    return (value) => names.has(value)
  }
  return BUILT_IN[type.name] ?? (() => true)
}
