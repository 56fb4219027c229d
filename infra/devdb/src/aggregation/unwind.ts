import { unsupported } from '../errors.ts'
import { type Fields, isObject, type Value } from '../values/bson.ts'

/** The stage `$unwind`: one document for each item of a list. */
export function compileUnwind(operand: Value): (documents: readonly Fields[]) => readonly Fields[] {
  const { path, preserveNullAndEmptyArrays = false, ...rest } = isObject(operand) ? operand : { path: operand }
  const [other] = Object.keys(rest)
  if (other !== undefined) throw unsupported(`The option ${other} of $unwind`)
  const name = String(path).slice(1)
  if (name.includes('.')) throw unsupported(`$unwind of the dotted path ${name}`)
  return (documents) =>
    documents.flatMap((fields) => {
      const value = fields[name]
      if (Array.isArray(value) && value.length > 0) return value.map((item) => ({ ...fields, [name]: item }))
      const isEmpty = value === undefined || value === null || Array.isArray(value)
      if (!isEmpty) return [fields]
      const { [name]: _, ...without } = fields
      return preserveNullAndEmptyArrays === true ? [Array.isArray(value) ? without : fields] : []
    })
}
