import { type JSONVisitor, visit } from 'jsonc-parser'

export type Path = readonly (string | number)[]

export type LocatedJson =
  | Readonly<{ ok: true; value: unknown; lineOf: (path: Path) => number }>
  | Readonly<{ ok: false; line: number; problem: string }>

/**
 * Parses JSON and keeps the line of each value. JSON.parse alone has no lines, often gives no position of an error, and
 * lets the last of two equal names win; the author of a policy needs all three.
 */
export function parseLocatedJson(text: string): LocatedJson {
  try {
    const root = readPlaces(text)
    /** For a missing value, the line of the innermost value on its path. */
    const lineOf = (path: Path): number => {
      let place = root
      for (const part of path) {
        const inner = place.members.get(part)
        if (inner === undefined) break
        place = inner
      }
      return place.line
    }
    return { ok: true, value: JSON.parse(text), lineOf }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    return { ok: false, line: error.line, problem: `is not valid JSON: ${error.message}` }
  }
}

const SHOWN_MAX = 60

type Token = Readonly<{ text: string; line: number }>

class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
  readonly line: number

  constructor({ text, line }: Token, expected: string) {
    super(`${text === '' ? 'the end' : text.slice(0, SHOWN_MAX)} stands where ${expected} should be`)
    this.line = line
  }
}

/** The line of a value, and the values in it: by name in an object, by position in an array. */
type Place = Readonly<{ line: number; members: Map<string | number, Place> }>
/** An object or array whose end was not read yet. `expected` is what must come next in it. */
type Open = Place & { expected: string; readonly afterValue: string; name: Token | null }

const NAME = 'a name in double quotes'
/** Both are far above what a table needs, and far below what exhausts the stack or the memory. */
const DEPTH_MAX = 50
const VALUES_MAX = 20_000

/** @throws JsonSyntaxError at the first error. */
function readPlaces(text: string): Place {
  const root: Open = { line: 1, members: new Map(), expected: 'a value', afterValue: 'the end', name: null }
  const open = [root]
  const inner = () => open.at(-1) ?? root
  const tokenAt = (offset: number, length: number, line: number): Token => ({
    text: text.slice(offset, offset + length),
    line: line + 1,
  })
  let values = 0
  const addValue = (token: Token): Place => {
    if (++values > VALUES_MAX) throw new JsonSyntaxError(token, `nothing more than ${VALUES_MAX} values`)
    if (open.length > DEPTH_MAX + 1) throw new JsonSyntaxError(token, 'nothing nested so deeply')
    return addTo(inner(), token)
  }
  const begin = (token: Token, expected: string, afterValue: string) => {
    open.push({ ...addValue(token), expected, afterValue, name: null })
  }
  // Also called where the end is missing, before the error.
  const end = (offset: number, bracket: string) => void (text[offset] === bracket && open.pop())

  const visitor: JSONVisitor = {
    onObjectBegin: (offset, length, line) => begin(tokenAt(offset, length, line), NAME, ', or }'),
    onArrayBegin: (offset, length, line) => begin(tokenAt(offset, length, line), 'a value', ', or ]'),
    onObjectEnd: (offset) => end(offset, '}'),
    onArrayEnd: (offset) => end(offset, ']'),
    onObjectProperty: (_, offset, length, line) => nameNext(inner(), tokenAt(offset, length, line)),
    onLiteralValue: (_, offset, length, line) => void addValue(tokenAt(offset, length, line)),
    onSeparator: (separator) => separate(inner(), separator),
    onError: (_, offset, length, line) => {
      const token = tokenAt(offset, length, line)
      throw new JsonSyntaxError(isScalar(token.text) ? token : tokenAt(offset, 1, line), inner().expected)
    },
  }
  visit(text, visitor, { disallowComments: true })
  return root.members.get(0) ?? root
}

function addTo(parent: Open, token: Token): Place {
  const place = { line: parent.name?.line ?? token.line, members: new Map() }
  parent.members.set(parent.name === null ? parent.members.size : JSON.parse(parent.name.text), place)
  parent.expected = parent.afterValue
  return place
}

function nameNext(parent: Open, name: Token): void {
  if (parent.members.has(JSON.parse(name.text))) throw new JsonSyntaxError(name, 'a name that was not given yet')
  parent.name = name
  parent.expected = ':'
}

function separate(parent: Open, separator: string): void {
  parent.expected = separator === ',' && parent.name !== null ? NAME : 'a value'
}

/** False for a token that is not JSON, such as a comment: its first character is enough to find it. */
function isScalar(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
