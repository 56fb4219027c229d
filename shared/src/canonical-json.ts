/**
 * JSON in one form only (RFC 8785): names sorted by UTF-16 code units, no white space, strings and numbers as
 * ECMAScript writes them. A date is its text.
 */
export function toCanonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`
  if (isPlainObject(value)) return toCanonicalObject(value)
  if (typeof value === 'boolean' || isMoment(value)) return JSON.stringify(value)
  // A value that JSON does not have gets a text that is not JSON, so that it never equals a sealed entry.
  return typeof value === 'number' ? String(value) : typeof value
}

/** A loop that appends, because every entry is hashed: with arrays in between it took half as long again. */
function toCanonicalObject(value: Readonly<Record<string, unknown>>): string {
  let members = ''
  for (const name of Object.keys(value).sort()) {
    members += `${members && ','}${JSON.stringify(name)}:${toCanonicalJson(value[name])}`
  }
  return `{${members}}`
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isMoment(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

/** Whether two values are the same JSON. Whatever made them: GraphQL gives the objects in a query no prototype. */
export function isSameJson(one: unknown, other: unknown): boolean {
  return toCanonicalJson(one) === toCanonicalJson(other)
}
