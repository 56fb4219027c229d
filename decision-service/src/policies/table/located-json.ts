export type Path = readonly (string | number)[]

export type LocatedJson =
  | Readonly<{ ok: true; value: unknown; lineOf: (path: Path) => number }>
  | Readonly<{ ok: false; line: number; problem: string }>

/**
 * Reads JSON and remembers which line holds what. JSON.parse alone forgets the lines, often does not say where it
 * failed, and lets the last of two equal keys win in silence: not what somebody who edits a policy needs.
 */
export function parseLocatedJson(text: string): LocatedJson {
  let root: Place
  try {
    const tokens = createTokens(text)
    root = scanValue(createScan(tokens), { line: tokens.peek().line, depth: 0 })
    expectToken(tokens, '')
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    return { ok: false, line: error.line, problem: `is not valid JSON: ${error.message}` }
  }

  /** Where something is missing, the line of what should hold it. */
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
}

const SHOWN_MAX = 60

class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
  readonly line: number

  constructor({ text, line }: Token, expected: string) {
    super(`${text === '' ? 'the end' : text.slice(0, SHOWN_MAX)} stands where ${expected} should be`)
    this.line = line
  }
}

type Token = Readonly<{ text: string; line: number }>
type Tokens = Readonly<{ peek: () => Token; take: () => Token }>

const STRING = '"(?:[^"\\\\\\u0000-\\u001f]|\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
const NUMBER = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'
const TOKEN = new RegExp(`[{}[\\],:]|${STRING}|${NUMBER}|true|false|null`, 'y')
const SCALAR = new RegExp(`^(?:${STRING}|${NUMBER}|true|false|null)$`)
const KEY = new RegExp(`^${STRING}$`)
/** Each far more than a table needs, and far less than the stack, or whoever reads what is wrong with it, holds. */
const DEPTH_MAX = 50
const VALUES_MAX = 20_000

function createTokens(text: string): Tokens {
  let at = 0
  let line = 1
  const read = (): Token => {
    for (; ' \t\r\n'.includes(text.charAt(at)) && at < text.length; at++) if (text[at] === '\n') line++
    TOKEN.lastIndex = at
    const token = { text: TOKEN.exec(text)?.[0] ?? text.charAt(at), line }
    at += token.text.length
    return token
  }
  let next = read()
  return {
    peek: () => next,
    take() {
      const token = next
      next = read()
      return token
    },
  }
}

/** Where a value stands, and what it holds: by name in an object, by number in a list. */
type Place = Readonly<{ line: number; members: ReadonlyMap<string | number, Place> }>
type Start = Readonly<{ line: number; depth: number }>
type Scan = Readonly<{ tokens: Tokens; count: (token: Token) => void }>

function createScan(tokens: Tokens): Scan {
  let values = 0
  return {
    tokens,
    count(token) {
      if (++values > VALUES_MAX) throw new JsonSyntaxError(token, `nothing more than ${VALUES_MAX} values`)
    },
  }
}

function scanValue(scan: Scan, { line, depth }: Start): Place {
  const token = scan.tokens.take()
  scan.count(token)
  if (depth > DEPTH_MAX) throw new JsonSyntaxError(token, 'nothing nested so deeply')
  if (token.text === '{') return { line, members: scanMembers(scan, depth + 1) }
  if (token.text === '[') return { line, members: scanElements(scan, depth + 1) }
  if (!SCALAR.test(token.text)) throw new JsonSyntaxError(token, 'a value')
  return { line, members: NOTHING }
}

const NOTHING: Place['members'] = new Map()

function scanMembers(scan: Scan, depth: number): Place['members'] {
  const { tokens } = scan
  const members = new Map<string, Place>()
  if (tokens.peek().text === '}') tokens.take()
  else {
    do {
      const key = tokens.take()
      if (!KEY.test(key.text)) throw new JsonSyntaxError(key, 'a name in double quotes')
      const name = JSON.parse(key.text) as string
      if (members.has(name)) throw new JsonSyntaxError(key, 'a name that was not given yet')
      expectToken(tokens, ':')
      members.set(name, scanValue(scan, { line: key.line, depth }))
    } while (expectToken(tokens, ',', '}').text === ',')
  }
  return members
}

function scanElements(scan: Scan, depth: number): Place['members'] {
  const { tokens } = scan
  const elements = new Map<number, Place>()
  if (tokens.peek().text === ']') tokens.take()
  else {
    do elements.set(elements.size, scanValue(scan, { line: tokens.peek().line, depth }))
    while (expectToken(tokens, ',', ']').text === ',')
  }
  return elements
}

function expectToken(tokens: Tokens, ...expected: string[]): Token {
  const token = tokens.take()
  if (expected.includes(token.text)) return token
  throw new JsonSyntaxError(token, expected.map((text) => text || 'the end').join(' or '))
}
