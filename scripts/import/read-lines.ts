import { createReadStream } from 'node:fs'

/** A line of a file, from 1; without its text where it cannot be read. */
export type Line = Readonly<
  { line: number; text: string; problem: null } | { line: number; text: null; problem: string }
>

/** A row of a file, or why it cannot be read, with the line where it begins. */
export type FileRow = Readonly<
  { line: number; value: object; problem: null } | { line: number; value: null; problem: string }
>

export const LINE_BYTES_MAX = 64 * 1024
const NEWLINE = 0x0a
const TOO_LONG = `is longer than ${LINE_BYTES_MAX} bytes`

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the lines of a file of UTF-8, with or without a byte order mark, that end with LF or CRLF. Holds no more than a chunk
 * and a line, however long one is.
 */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let line = 1
  let begun: Buffer[] = []
  let bytes = 0
  const add = (part: Buffer) => {
    bytes += part.length
    if (bytes <= LINE_BYTES_MAX) begun.push(part)
  }
  const finish = (): Line => {
    const read = bytes > LINE_BYTES_MAX ? { text: null, problem: TOO_LONG } : decode(Buffer.concat(begun), line === 1)
    begun = []
    bytes = 0
    return { line: line++, ...read }
  }
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end))
      yield finish()
      start = end + 1
    }
    add(chunk.subarray(start))
  }
  if (bytes > 0) yield finish()
}

function decode(
  bytes: Buffer,
  isFirst: boolean,
): Readonly<{ text: string; problem: null } | { text: null; problem: string }> {
  try {
    const text = decoder.decode(bytes).replace(/\r$/, '')
    return { text: isFirst ? text.replace(/^\ufeff/, '') : text, problem: null }
  } catch {
    return { text: null, problem: 'is not UTF-8' }
  }
}
