import { UnreadableAnswerError } from './errors.ts'

/** Sizes have few digits, but extensions and trailers may follow. */
const LINE_CHARACTERS_MAX = 16 * 1024
const LF = 10

/** Decodes a body in the transfer coding `chunked`, piece by piece. */
export class ChunkedBody {
  #expected: 'size' | 'end of chunk' | 'trailer' = 'size'
  /** The beginning of a line whose end has not come yet. */
  #line = ''
  /** The bytes of the current chunk that have not come yet. */
  #missing = 0

  /**
   * Reads what came, and hands over the parts of the body, which are valid during the call only.
   * @returns the number of bytes that were read once the body is complete; null before.
   * @throws UnreadableAnswerError
   */
  read(bytes: Buffer, take: (part: Buffer) => void): number | null {
    for (let at = 0; at < bytes.length; ) {
      if (this.#missing > 0) {
        const part = bytes.subarray(at, at + this.#missing)
        this.#missing -= part.length
        at += part.length
        take(part)
        continue
      }
      const end = bytes.indexOf(LF, at)
      this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
      if (this.#line.length > LINE_CHARACTERS_MAX)
        throw new UnreadableAnswerError('The answer has a line that is too long.')
      if (end === -1) return null
      at = end + 1
      if (!this.#line.endsWith('\r')) throw new UnreadableAnswerError('The answer has a line that ends without CR.')
      const line = this.#line.slice(0, -1)
      this.#line = ''
      if (this.#isLast(line)) return at
    }
    return null
  }

  #isLast(line: string): boolean {
    if (this.#expected === 'trailer') return line === ''
    if (this.#expected === 'end of chunk') {
      if (line !== '') throw new UnreadableAnswerError('The answer has a chunk that is longer than its size.')
      this.#expected = 'size'
      return false
    }
    const digits = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1]
    if (digits === undefined) throw new UnreadableAnswerError('The answer has a chunk without a size.')
    this.#missing = Number.parseInt(digits, 16)
    this.#expected = this.#missing === 0 ? 'trailer' : 'end of chunk'
    return false
  }
}
