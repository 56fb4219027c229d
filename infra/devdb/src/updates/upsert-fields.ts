import { isOperators } from '../queries/matcher.ts'
import { decode, encode, type Fields, typeOf } from '../values/bson.ts'
import { toPath } from '../values/paths.ts'
import { setAt } from './set-at.ts'

/** The document that an upsert starts from: the fields that the filter compares by equality. */
export function fieldsFromFilter(filter: Fields): Fields {
  return decode(encode(demandedFields(filter))) // A copy, because the update changes it in place.
}

function demandedFields(filter: Fields): Fields {
  const fields: Fields = {}
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and') for (const branch of condition as Fields[]) Object.assign(fields, demandedFields(branch))
    else if (name.startsWith('$') || typeOf(condition) === 'regex') continue
    else if (!isOperators(condition)) setAt(fields, toPath(name), condition)
    else if (condition.$eq !== undefined) setAt(fields, toPath(name), condition.$eq)
  }
  return fields
}
