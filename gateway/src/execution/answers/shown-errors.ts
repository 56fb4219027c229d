import { type GraphQLCompositeType, type GraphQLFormattedError, type GraphQLSchema, isCompositeType } from 'graphql'
import { isRow, type Row } from '../json.ts'
import { toClientPath } from '../planning/planned-keys.ts'
import type { Path } from '../steps/places.ts'
import type { SelectedField, Selection } from './selection.ts'

type Answer = Readonly<{ root: Row; schema: GraphQLSchema }>

/**
 * Errors with paths in the answer, by the keys of the client. A subgraph may report an error at a field that the client did
 * not select: plans fetch keys, and what a `@requires` names. Such an error is shown at the object whose field needs it, once.
 */
export function toShownErrors(
  errors: readonly GraphQLFormattedError[],
  selection: Selection,
  answer: Answer,
): readonly GraphQLFormattedError[] {
  if (errors.length === 0) return errors
  const moved = new Set<string>()
  return errors.flatMap((error) => {
    if (error.path === undefined) return [error]
    const path = toShownPath(error.path, selection, answer)
    const shown = { ...error, path }
    if (path.length === error.path.length) return [shown]
    const key = JSON.stringify(shown)
    if (moved.has(key)) return []
    moved.add(key)
    return [shown]
  })
}

function toShownPath(path: Path, selection: Selection, { root, schema }: Answer): Path {
  const shown: (string | number)[] = []
  let value: unknown = root
  let below: Selection | null = selection
  for (const [at, key] of path.entries()) {
    if (typeof key === 'number') {
      shown.push(key)
      value = Array.isArray(value) ? value[key] : undefined
      continue
    }
    // Below a null, the type of the object is unknown, and with it what the client has selected.
    if (!isRow(value) || below === null) return [...shown, ...toClientPath(path.slice(at))]
    const type: unknown = typeof value.__typename === 'string' ? schema.getType(value.__typename) : below.type
    const field: SelectedField | undefined = isCompositeType(type as GraphQLCompositeType)
      ? below.fieldsOf(type as GraphQLCompositeType).find(({ source }) => source === key)
      : undefined
    if (field === undefined) return shown
    shown.push(field.key)
    value = field.read(value)
    below = field.below
  }
  return shown
}
