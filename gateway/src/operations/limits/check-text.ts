import { QueryTooLargeError } from './errors.ts'
import { LIMITS } from './limits.ts'

/** Kinds of pieces of a document, recognised by their first character. */
const IGNORED = 1
const COMMENT = 2
const NAME = 3
const NUMBER = 4
const STRING = 5
const OPENING = 6
const CLOSING = 7
const PUNCTUATION = 0

const BYTE_ORDER_MARK = 0xfeff
const KIND_OF_ASCII = Uint8Array.from({ length: 128 }, (_, code) => kindOf(String.fromCharCode(code)))

function kindOf(char: string): number {
  if (/[\s,]/.test(char)) return IGNORED
  if (/[a-z_]/i.test(char)) return NAME
  if (/[-\d]/.test(char)) return NUMBER
  if ('{[('.includes(char)) return OPENING
  if ('}])'.includes(char)) return CLOSING
  if (char === '#') return COMMENT
  return char === '"' ? STRING : PUNCTUATION
}

/**
 * Refuses a text that is too large for the parser, in bytes, tokens or depth. Scans the text once, counting tokens as
 * graphql-js does; a text that is not GraphQL is left to the parser.
 * @throws QueryTooLargeError
 */
export function checkText(text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > LIMITS.bytes) throw new QueryTooLargeError('bytes', bytes)

  let tokens = 0
  let nesting = 0
  let end = 0
  for (let at = 0; at < text.length; at = end) {
    const kind = kindAt(text, at)
    end = kind === IGNORED ? at + 1 : endOfPiece(text, at, kind)
    if (kind === IGNORED || kind === COMMENT) continue

    tokens += 1
    if (tokens > LIMITS.tokens) throw new QueryTooLargeError('tokens', tokens)
    if (kind === OPENING) nesting += 1
    if (kind === CLOSING) nesting -= 1
    if (nesting > LIMITS.nesting) throw new QueryTooLargeError('nesting', nesting)
    if (kind !== STRING && end - at > LIMITS.wordLength) throw new QueryTooLargeError('wordLength', end - at)
  }
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return KIND_OF_ASCII[code] ?? (code === BYTE_ORDER_MARK ? IGNORED : PUNCTUATION)
}

function endOfPiece(text: string, at: number, kind: number): number {
  if (kind === NAME) return endOfName(text, at + 1)
  if (kind === NUMBER) return endOfNumber(text, at + 1)
  if (kind === COMMENT) return endOfLine(text, at)
  if (kind === STRING) return text.startsWith('"""', at) ? endOfBlockString(text, at + 3) : endOfString(text, at + 1)
  return text.startsWith('...', at) ? at + 3 : at + 1
}

function endOfName(text: string, from: number): number {
  let at = from
  while (at < text.length && isWord(text, at)) at += 1
  return at
}

function endOfNumber(text: string, from: number): number {
  let at = from
  while (at < text.length && (isWord(text, at) || text[at] === '.' || isSign(text, at))) at += 1
  return at
}

function isWord(text: string, at: number): boolean {
  const kind = kindAt(text, at)
  return kind === NAME || (kind === NUMBER && text[at] !== '-')
}

/** `1e-9` is one number, `1-9` are two. */
function isSign(text: string, at: number): boolean {
  return (text[at] === '-' || text[at] === '+') && (text[at - 1] === 'e' || text[at - 1] === 'E')
}

function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) if (isLineEnd(text[at])) return at
  return text.length
}

function endOfBlockString(text: string, from: number): number {
  for (let end = text.indexOf('"""', from); end !== -1; end = text.indexOf('"""', end + 3)) {
    if (text[end - 1] !== '\\') return end + 3
  }
  return text.length
}

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += text[at] === '\\' ? 2 : 1) {
    if (text[at] === '"') return at + 1
    if (isLineEnd(text[at])) return at
  }
  return text.length
}

function isLineEnd(char: string | undefined): boolean {
  return char === '\n' || char === '\r'
}
