/** A JSON object from a subgraph. */
export type Row = Record<string, unknown>

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
}

/**
 * Reads `row[name]` for a name chosen by a client. A few names, such as `constructor`, are properties of every object and
 * are read as own properties only.
 */
export function readerOf(name: string): (row: Row) => unknown {
  if (!(name in Object.prototype)) return (row) => row[name]
  return (row) => (Object.hasOwn(row, name) ? row[name] : undefined)
}

/** Sets an own property, also for `__proto__`, which GraphQL allows as a name. */
export function setOwn(row: Row, name: string, value: unknown): void {
  if (name !== '__proto__') row[name] = value
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true })
}

export function getOwn(row: Row, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name]
}

/** Characters that JSON escapes: control characters, quotes, backslashes and surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON has to escape
const SPECIAL = /[\u0000-\u001f"\\\ud800-\udfff]/

/** `JSON.stringify` for a string, faster for the many strings without characters to escape. */
export function quote(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`
}
