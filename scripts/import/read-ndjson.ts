import type { FileRow, Line } from './read-lines.ts'

/** Reads a JSON object from each line that is not blank. */
export async function* readNdjson(lines: AsyncIterable<Line>): AsyncGenerator<FileRow> {
  for await (const { line, text, problem } of lines) {
    if (problem !== null) yield { line, value: null, problem }
    else if (text.trim() !== '') yield { line, ...parse(text) }
  }
}

function parse(text: string): Readonly<{ value: object; problem: null } | { value: null; problem: string }> {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { value, problem: null } : { value: null, problem: 'is not a JSON object' }
  } catch {
    return { value: null, problem: 'is not JSON' }
  }
}
