import { type AnswerHead, parseHead } from './answer-head.ts'
import { ChunkedBody } from './chunked-body.ts'
import { UnreadableAnswerError } from './errors.ts'

/** An answer. The body may lie in memory that the next read overwrites: decode or copy it at once. */
export type HttpAnswer = Readonly<{ head: AnswerHead; body: Buffer; isLast: boolean }>

const NOTHING = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'
const HEAD_BYTES_MAX = 16 * 1024
const SWITCHING_PROTOCOLS = 101

/** Reads one answer of HTTP/1.1 from the pieces in which it comes. One that comes in one piece is not copied. */
export class AnswerReader {
  readonly #bytesMax: number
  #head: AnswerHead | null = null
  /** The last head and its text: a server sends the same one again and again, but for the date and the length. */
  #parsed: Readonly<{ text: string; head: AnswerHead }> | null = null
  #chunked: ChunkedBody | null = null
  /** A copy of the head as far as it came. */
  #beginning = NOTHING
  /** A copy of the body as far as it came, and its length. One memory, because parts may be as small as a byte. */
  #body = NOTHING
  #bytes = 0

  /** @param bytesMax the length of the longest body. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The answer, once it is complete. @throws UnreadableAnswerError */
  read(piece: Buffer): HttpAnswer | null {
    return this.#head === null ? this.#readHead(piece) : this.#readBody(this.#head, piece)
  }

  /** The answer, if it is one that ends with its connection. */
  end(): HttpAnswer | null {
    return this.#head?.length === 'to the end' ? this.#complete(this.#head, this.#kept(), 0) : null
  }

  #readHead(piece: Buffer): HttpAnswer | null {
    const bytes = this.#beginning.length === 0 ? piece : Buffer.concat([this.#beginning, piece])
    const end = bytes.indexOf(HEAD_END)
    if ((end === -1 ? bytes.length : end) > HEAD_BYTES_MAX) {
      throw new UnreadableAnswerError('The head of the answer is too long.')
    }
    if (end === -1) {
      this.#beginning = Buffer.from(bytes)
      return null
    }
    this.#beginning = NOTHING
    const head = this.#parse(bytes.toString('latin1', 0, end))
    const rest = bytes.subarray(end + HEAD_END.length)
    if (head.status === SWITCHING_PROTOCOLS) throw new UnreadableAnswerError('The answer changes the protocol.')
    // One that only says that the answer will come.
    if (head.status < 200) return this.#readHead(rest)
    this.#head = head
    return this.#readBody(head, rest)
  }

  #parse(text: string): AnswerHead {
    if (this.#parsed?.text !== text) this.#parsed = { text, head: parseHead(text) }
    return this.#parsed.head
  }

  #readBody(head: AnswerHead, piece: Buffer): HttpAnswer | null {
    const { length } = head
    if (length === 'chunked') return this.#readChunks(head, piece)
    if (length === 'to the end') {
      this.#keep(piece)
      return null
    }
    if (length > this.#bytesMax) throw tooLarge()
    const missing = length - this.#bytes
    if (piece.length < missing) {
      this.#keep(piece)
      return null
    }
    const last = piece.length === missing ? piece : piece.subarray(0, missing)
    const rest = piece.length - missing
    if (this.#bytes === 0) return this.#complete(head, last, rest)
    this.#keep(last)
    return this.#complete(head, this.#kept(), rest)
  }

  #readChunks(head: AnswerHead, piece: Buffer): HttpAnswer | null {
    this.#chunked ??= new ChunkedBody()
    const read = this.#chunked.read(piece, (part) => this.#keep(part))
    return read === null ? null : this.#complete(head, this.#kept(), piece.length - read)
  }

  #keep(part: Buffer): void {
    const bytes = this.#bytes + part.length
    if (bytes > this.#bytesMax) throw tooLarge()
    if (bytes > this.#body.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#body.length))
      this.#body.copy(larger, 0, 0, this.#bytes)
      this.#body = larger
    }
    part.copy(this.#body, this.#bytes)
    this.#bytes = bytes
  }

  #kept(): Buffer {
    return this.#body.subarray(0, this.#bytes)
  }

  /** Begins anew. Nothing may follow an answer, because only one request is on its way. */
  #complete(head: AnswerHead, body: Buffer, bytesAfter: number): HttpAnswer {
    this.#head = null
    this.#chunked = null
    this.#body = NOTHING
    this.#bytes = 0
    return { head, body, isLast: bytesAfter > 0 || head.keepAliveMs === 0 || head.length === 'to the end' }
  }
}

const tooLarge = () => new UnreadableAnswerError('The answer is larger than allowed.')
