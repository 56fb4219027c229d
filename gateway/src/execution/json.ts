/** A JSON object as a subgraph sent it. */
export type Row = Record<string, unknown>

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads `row[name]` where `name` was chosen by a client. A name such as `constructor` is also a property of every
 * object; only those few cost the check.
 */
export function readerOf(name: string): (row: Row) => unknown {
  if (!(name in Object.prototype)) return (row) => row[name]
  return (row) => (Object.hasOwn(row, name) ? row[name] : undefined)
}

/** Sets a key of its own, whatever its name is: `__proto__` is a name that GraphQL allows. */
export function setOwn(row: Row, name: string, value: unknown): void {
  if (name !== '__proto__') row[name] = value
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true })
}

export function getOwn(row: Row, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name]
}

/** Control characters, quotes, backslashes, and halves of a pair, which JSON writes in another way than they are. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON has to escape
const SPECIAL = /[\u0000-\u001f"\\\ud800-\udfff]/

/** `JSON.stringify` for a string; most strings hold nothing to escape. */
export function quote(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`
}
