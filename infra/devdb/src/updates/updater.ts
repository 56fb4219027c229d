import { CommandError, unsupported } from '../errors.ts'
import { type Fields, isObject, lookUp, type Value } from '../values/bson.ts'
import { encodeKey } from '../values/keys.ts'
import { toPath } from '../values/paths.ts'
import { OPERATORS, REFUSED, refuseModifiers } from './operators.ts'

export type Update = Readonly<{
  /** Computes the next state of a document from a copy of it. `inserting` is true when an upsert creates it. */
  apply(fields: Fields, inserting: boolean): Fields
  /** The top-level fields that it reads and writes. A replacement writes all, and reads the id. */
  fields: readonly string[]
  isReplacement: boolean
}>

/** Compiles an update by operators, or a replacement document. */
export function compileUpdate(update: Value): Update {
  if (Array.isArray(update)) throw unsupported('An update by aggregation pipeline')
  const operators = update as Fields
  const names = Object.keys(operators)
  if (isReplacement(update)) {
    return { apply: (fields) => replace(fields, operators), fields: ['_id'], isReplacement: true }
  }
  const steps = names.flatMap((operator) => {
    const apply = lookUp(OPERATORS, operator)
    if (!apply && REFUSED.includes(operator)) throw unsupported(`The update operator ${operator}`)
    if (!apply) throw new CommandError(9, `Unknown modifier: ${operator}. Expected a valid update modifier`)
    const operands = operators[operator]
    if (!isObject(operands)) throw new CommandError(9, `Modifiers operate on fields, and ${operator} was given none`)
    return Object.entries(operands).map(([name, operand]) => {
      refuseName(name)
      refuseModifiers(operator, operand)
      if (operator === '$rename') refuseName(String(operand))
      return { name, path: toPath(name), operand, apply, onInsertOnly: operator === '$setOnInsert' }
    })
  })
  const all = [...steps.map(({ name }) => name), ...Object.values((operators.$rename ?? {}) as Fields).map(String)]
  refuseConflicts(all)
  // MongoDB applies updates in the order of names, so new fields are added in that order.
  steps.sort((a, b) => (a.name < b.name ? -1 : 1))

  const apply: Update['apply'] = (fields, inserting) => {
    const id = fields._id === undefined ? null : encodeKey(fields._id)
    for (const { path, operand, apply, onInsertOnly } of steps) {
      if (!onInsertOnly || inserting) apply(fields, path, operand)
    }
    refuseOtherId(id, fields._id)
    return fields
  }
  return { apply, fields: [...new Set(all.map((name) => toPath(name)[0]!))], isReplacement: false }
}

function isReplacement(update: Value): boolean {
  return isObject(update) && !Object.keys(update).some((name) => name.startsWith('$'))
}

function replace(fields: Fields, replacement: Fields): Fields {
  if (fields._id !== undefined && replacement._id !== undefined) refuseOtherId(encodeKey(fields._id), replacement._id)
  const { _id = fields._id, ...rest } = replacement
  return { _id, ...rest }
}

/** @param before the id as a key, because an id that is a document may have been changed in place. */
function refuseOtherId(before: Buffer | null, after: Value): void {
  if (before === null || (after !== undefined && before.equals(encodeKey(after)))) return
  throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'")
}

function refuseName(name: string): void {
  if (name.includes('$')) throw unsupported(`The positional path ${name}`)
  if (toPath(name).includes('')) throw new CommandError(56, `The update path '${name}' contains an empty field name`)
}

function refuseConflicts(names: readonly string[]): void {
  const sorted = [...names].sort()
  for (const [index, name] of sorted.entries()) {
    const next = sorted[index + 1]
    if (next === name || next?.startsWith(`${name}.`)) {
      throw new CommandError(40, `Updating the path '${next}' would create a conflict at '${name}'`)
    }
  }
}
