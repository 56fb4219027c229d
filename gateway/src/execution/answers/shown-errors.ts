import {
  type GraphQLCompositeType,
  type GraphQLFormattedError,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
} from 'graphql'
import { isRow, type Row } from '../json.ts'
import { toClientText } from '../planning/planned-keys.ts'
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
    const message = toClientText(error.message)
    if (error.path === undefined) return [{ ...error, message }]
    const path = toShownPath(error.path, selection, answer)
    const shown = { ...error, message, path }
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
  let selections: readonly Selection[] = [selection]
  for (const [at, key] of path.entries()) {
    if (typeof key === 'number') {
      shown.push(key)
      value = Array.isArray(value) ? value[key] : undefined
      continue
    }
    // Within the value of a scalar, keys are those of the subgraph.
    if (selections.length === 0) return [...shown, ...path.slice(at)]
    const fields = fieldsAt(key, selections, { value, schema })
    const [field] = fields
    if (field === undefined) return shown
    shown.push(field.key)
    value = isRow(value) ? field.read(value) : undefined
    selections = fields.flatMap(({ below }) => below ?? [])
  }
  return shown
}

/** The selected fields that are fetched under a key: of the type of an object, or below a null of any type possible there. */
function fieldsAt(
  key: string,
  selections: readonly Selection[],
  { value, schema }: Readonly<{ value: unknown; schema: GraphQLSchema }>,
): readonly SelectedField[] {
  const typesOf = ({ type }: Selection): readonly GraphQLCompositeType[] => {
    if (!isRow(value)) return isAbstractType(type) ? schema.getPossibleTypes(type) : [type]
    const actual = typeof value.__typename === 'string' ? schema.getType(value.__typename) : type
    return isCompositeType(actual) ? [actual] : []
  }
  return selections.flatMap((selection) =>
    typesOf(selection).flatMap((type) => selection.fieldsOf(type).filter(({ source }) => source === key)),
  )
}
