import { isOperators } from '../queries/matcher.ts'
import { decode, encode, type Fields, typeOf } from '../values/bson.ts'
import { toPath } from '../values/paths.ts'
import { setAt } from './set-at.ts'

/** The document that an upsert begins with: what the filter demands to be equal. */
export function fieldsFromFilter(filter: Fields): Fields {
  return decode(encode(demandedFields(filter))) // A copy: the update works on it in place.
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
