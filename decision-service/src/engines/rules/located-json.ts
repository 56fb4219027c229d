export type Path = readonly (string | number)[]

export type LocatedJson =
  | Readonly<{ ok: true; value: unknown; lineOf: (path: Path) => number }>
  | Readonly<{ ok: false; line: number; problem: string }>

/**
 * Reads JSON and remembers which line holds what. JSON.parse alone forgets the lines, often does not say where it
 * failed, and lets the last of two equal keys win in silence: not what somebody who edits a policy needs.
 */
export function parseLocatedJson(text: string): LocatedJson {
  const lines = new Map<string, number>()
  try {
    const tokens = createTokens(text)
    scanValue(tokens, { path: [], lines, line: tokens.peek().line })
    expectToken(tokens, '')
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    return { ok: false, line: error.line, problem: `is not valid JSON: ${error.message}` }
  }

  /** Where something is missing, the line of what should hold it. */
  const lineOf = (path: Path): number => lines.get(toKey(path)) ?? lineOf(path.slice(0, -1))
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
/** Far more than a table needs, and far less than the stack holds. */
const DEPTH_MAX = 50

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

type Place = { path: Path; lines: Map<string, number>; line: number }

function scanValue(tokens: Tokens, { path, lines, line }: Place): void {
  lines.set(toKey(path), line)
  const token = tokens.take()
  if (path.length > DEPTH_MAX) throw new JsonSyntaxError(token, 'nothing nested so deeply')
  if (token.text === '{') scanMembers(tokens, path, lines)
  else if (token.text === '[') scanElements(tokens, path, lines)
  else if (!SCALAR.test(token.text)) throw new JsonSyntaxError(token, 'a value')
}

function scanMembers(tokens: Tokens, path: Path, lines: Map<string, number>): void {
  if (tokens.peek().text === '}') return void tokens.take()
  for (;;) {
    const key = tokens.take()
    if (!KEY.test(key.text)) throw new JsonSyntaxError(key, 'a name in double quotes')
    const member = [...path, JSON.parse(key.text) as string]
    if (lines.has(toKey(member))) throw new JsonSyntaxError(key, 'a name that was not given yet')
    expectToken(tokens, ':')
    scanValue(tokens, { path: member, lines, line: key.line })
    if (expectToken(tokens, ',', '}').text === '}') return
  }
}

function scanElements(tokens: Tokens, path: Path, lines: Map<string, number>): void {
  if (tokens.peek().text === ']') return void tokens.take()
  for (let index = 0; ; index++) {
    scanValue(tokens, { path: [...path, index], lines, line: tokens.peek().line })
    if (expectToken(tokens, ',', ']').text === ']') return
  }
}

function expectToken(tokens: Tokens, ...expected: string[]): Token {
  const token = tokens.take()
  if (expected.includes(token.text)) return token
  throw new JsonSyntaxError(token, expected.map((text) => text || 'the end').join(' or '))
}

const toKey = (path: Path): string => JSON.stringify(path)
