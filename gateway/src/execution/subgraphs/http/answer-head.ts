import { UnreadableAnswerError } from './errors.ts'

/** The head of an answer, as far as the client needs it. */
export type AnswerHead = Readonly<{
  status: number
  /** Empty where the server sends none. */
  contentType: string
  contentEncoding: string | null
  /** The length of the body in bytes; `chunked`, or `to the end` of the connection where the head does not say it. */
  length: number | 'chunked' | 'to the end'
  /** How long the server keeps the connection open for another request; 0 if it closes it, Infinity if it does not say. */
  keepAliveMs: number
}>

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
/** No space before the colon, no folded lines, no line ends of other kinds, and no other control characters. */
const HEADER = /^[!#$%&'*+.^`|~\w-]+:[\t\x20-\x7e\x80-\xff]*$/
const READ: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'keep-alive',
  'transfer-encoding',
])
/** Statuses without a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 304])
/** The server may close the connection while the next request is on its way. */
const MARGIN_MS = 1_000

/** Parses status line and headers. Strict, because a wrong length would take one answer for another. @throws UnreadableAnswerError */
export function parseHead(text: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, digits] = STATUS_LINE.exec(statusLine) ?? []
  if (digits === undefined) throw new UnreadableAnswerError('The answer has no status line of HTTP/1.1.')
  const headers = readHeaders(lines)
  const status = Number(digits)
  return {
    status,
    contentType: headers.get('content-type') ?? '',
    contentEncoding: headers.get('content-encoding') ?? null,
    length: BODILESS.has(status) || status < 200 ? 0 : lengthOf(headers),
    keepAliveMs: keepAliveOf(headers, minor === '1'),
  }
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    if (!HEADER.test(line)) throw new UnreadableAnswerError('The answer has a line that is no header.')
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (!READ.has(name)) continue
    const value = line.slice(colon + 1).trim()
    const known = headers.get(name)
    headers.set(name, known === undefined ? value : `${known}, ${value}`)
  }
  return headers
}

function lengthOf(headers: ReadonlyMap<string, string>): AnswerHead['length'] {
  const [coding, length] = [headers.get('transfer-encoding'), headers.get('content-length')]
  if (coding !== undefined) {
    if (coding.toLowerCase() === 'chunked' && length === undefined) return 'chunked'
    throw new UnreadableAnswerError('The answer does not say clearly how long it is.')
  }
  if (length === undefined) return 'to the end'
  if (!/^\d{1,15}$/.test(length)) throw new UnreadableAnswerError('The answer has a length that is no number.')
  return Number(length)
}

function keepAliveOf(headers: ReadonlyMap<string, string>, isDefault: boolean): number {
  const connection = headers.get('connection')?.toLowerCase() ?? ''
  const isKept = isDefault ? !connection.includes('close') : connection.includes('keep-alive')
  if (!isKept) return 0
  const seconds = /\btimeout=(\d+)/i.exec(headers.get('keep-alive') ?? '')?.[1]
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) * 1_000 - MARGIN_MS)
}
