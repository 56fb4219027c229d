import { parse } from 'csv-parse/sync'
import { StackError } from '../stack/failure.ts'
import { type FileRow, LINE_BYTES_MAX, type Line } from './read-lines.ts'

/** Lines that belong together, since a line break may stand between quotes; or why they are none. */
type CsvRecord = Readonly<{ line: number; text: string; problem: null } | { line: number; text: null; problem: string }>

/** Records that the parser gets at once, which is much faster than one by one. */
const BATCH = 200

/**
 * Reads rows of RFC 4180, below a first row with the names of the columns. A row with a wrong quote is refused alone: the
 * next line begins another one, while the parser by itself would take the rest of the file for its text.
 * @throws StackError if the first row is missing, or names a column twice.
 */
export async function* readCsv(lines: AsyncIterable<Line>, delimiter: string): AsyncGenerator<FileRow> {
  let columns: readonly string[] | null = null
  let batch: CsvRecord[] = []
  const settle = function* (): Generator<FileRow> {
    const rows = parseRecords(batch, delimiter)
    batch = []
    for (const { line, cells, problem } of rows) {
      if (columns === null) columns = toColumns(cells, problem)
      else yield { line, ...toValue(columns, cells, problem) }
    }
  }
  for await (const record of joinRecords(lines)) {
    batch.push(record)
    if (batch.length === BATCH) yield* settle()
  }
  yield* settle()
  if (columns === null) throw new StackError('The file is empty: its first row must name the columns.')
}

function toColumns(cells: readonly string[], problem: string | null): readonly string[] {
  if (problem !== null) throw new StackError(`The first row, which must name the columns, ${problem}.`)
  const columns = cells.map((name) => name.trim())
  const twice = columns.find((name, index) => columns.indexOf(name) < index)
  if (twice !== undefined) throw new StackError(`The first row names the column ${twice} twice.`)
  return columns
}

type Value = Readonly<{ value: object; problem: null } | { value: null; problem: string }>

function toValue(columns: readonly string[], cells: readonly string[], problem: string | null): Value {
  if (problem !== null) return { value: null, problem }
  if (cells.length !== columns.length) {
    return { value: null, problem: `has ${cells.length} cells, and there are ${columns.length} columns` }
  }
  return { value: Object.fromEntries(columns.map((name, index) => [name, cells[index]])), problem: null }
}

/** Joins the lines of each record: up to the line where as many quotes are closed as opened. Blank lines are none. */
async function* joinRecords(lines: AsyncIterable<Line>): AsyncGenerator<CsvRecord> {
  const open: Line[] = []
  for await (const one of lines) {
    if (open.length === 0 && one.text === '') continue
    open.push(one)
    yield* takeRecords(open, false)
  }
  yield* takeRecords(open, true)
}

function* takeRecords(open: Line[], isEnd: boolean): Generator<CsvRecord> {
  while (open.length > 0) {
    const [{ line, problem }] = open as [Line]
    const length = problem === null ? lengthOfRecord(open, isEnd) : 'none'
    if (length === 'unknown') return
    if (length !== 'none')
      yield {
        line,
        text: open
          .splice(0, length)
          .map(({ text }) => text)
          .join('\n'),
        problem: null,
      }
    else yield { line, text: null, problem: open.shift()!.problem ?? 'has a quote that is not closed' }
  }
}

/** The number of lines of the first record; `unknown` while its end may come yet. */
function lengthOfRecord(open: readonly Line[], isEnd: boolean): number | 'none' | 'unknown' {
  let quotes = 0
  let characters = 0
  for (const [index, { text }] of open.entries()) {
    if (text === null) return 'none'
    quotes += text.split('"').length - 1
    characters += text.length
    if (quotes % 2 === 0) return index + 1
    if (characters > LINE_BYTES_MAX) return 'none'
  }
  return isEnd ? 'none' : 'unknown'
}

type Parsed = Readonly<{ line: number; cells: readonly string[]; problem: string | null }>

function parseRecords(records: readonly CsvRecord[], delimiter: string): readonly Parsed[] {
  const readable = records.flatMap(({ text }) => text ?? [])
  const parsed = tryParse(readable, delimiter)
  let next = 0
  return records.map(({ line, text, problem }) => {
    if (text === null) return { line, cells: [], problem }
    const cells = parsed === null ? (tryParse([text], delimiter)?.[0] ?? null) : parsed[next++]!
    return cells === null
      ? { line, cells: [], problem: 'has a quote in a wrong place' }
      : { line, cells, problem: null }
  })
}

/** The cells of each record; null if one of them cannot be parsed. */
function tryParse(records: readonly string[], delimiter: string): readonly (readonly string[])[] | null {
  try {
    const options = { delimiter, record_delimiter: '\n', relax_column_count: true }
    const parsed = parse(records.join('\n'), options) as string[][]
    return parsed.length === records.length ? parsed : null
  } catch {
    return null
  }
}
