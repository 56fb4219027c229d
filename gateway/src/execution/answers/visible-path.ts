import { type GraphQLCompositeType, type GraphQLFormattedError, type GraphQLSchema, isCompositeType } from 'graphql'
import { isRow, type Row } from '../json.ts'
import type { Path } from '../steps/places.ts'
import type { SelectedField, Selection } from './selection.ts'

type Answer = Readonly<{ root: Row; schema: GraphQLSchema }>

/**
 * The error of a subgraph at a place that is in the answer. A subgraph may report an error at a field that the client did
 * not select: plans fetch keys, and what a `@requires` names. Such an error is shown at the object whose field needs it.
 */
export function withVisiblePath(
  error: GraphQLFormattedError,
  selection: Selection,
  answer: Answer,
): GraphQLFormattedError {
  if (error.path === undefined) return error
  const path = toVisiblePath(error.path, selection, answer)
  return path.length === error.path.length ? error : { ...error, path }
}

function toVisiblePath(path: Path, selection: Selection, { root, schema }: Answer): Path {
  let value: unknown = root
  let below: Selection | null = selection
  for (const [at, key] of path.entries()) {
    if (typeof key === 'number') {
      value = Array.isArray(value) ? value[key] : undefined
      continue
    }
    // Below a null, the type of the object is unknown, and with it what the client has selected.
    if (!isRow(value) || below === null) return path
    const type: unknown = typeof value.__typename === 'string' ? schema.getType(value.__typename) : below.type
    const field: SelectedField | undefined = isCompositeType(type as GraphQLCompositeType)
      ? below.fieldsOf(type as GraphQLCompositeType).find((one) => one.key === key)
      : undefined
    if (field === undefined) return path.slice(0, at)
    value = field.read(value)
    below = field.below
  }
  return path
}
