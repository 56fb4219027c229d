import { pipeline, Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { writePdf } from './pdf.ts'
import type { Head, Row } from './report.ts'
import type { FormatName } from './report-order.ts'

/** A format of report files. `write` holds a few rows in memory. */
export type Format = Readonly<{
  contentType: string
  write: (head: Head, rows: AsyncIterable<Row>) => AsyncIterable<Uint8Array>
}>

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  csv: { contentType: 'text/csv; charset=utf-8', write: writeCsv },
  json: { contentType: 'application/json', write: writeJson },
  pdf: { contentType: 'application/pdf', write: writePdf },
}

/** RFC 4180. A text that a spreadsheet would run as a formula begins with an apostrophe. */
function writeCsv({ columns }: Head, rows: AsyncIterable<Row>): AsyncIterable<Uint8Array> {
  const csv = stringify({ header: true, columns: [...columns], record_delimiter: '\r\n', escape_formulas: true })
  // A failure of the rows destroys the stream, and so reaches its reader.
  return pipeline(Readable.from(rows), csv, () => {})
}

/** One object; each row on a line of its own. */
async function* writeJson({ range, ...head }: Head, rows: AsyncIterable<Row>): AsyncIterable<Uint8Array> {
  const start = JSON.stringify({ ...head, ...range }).slice(0, -1)
  yield Buffer.from(`${start},"rows":[`)
  let separator = '\n'
  for await (const row of rows) {
    yield Buffer.from(`${separator}${JSON.stringify(row)}`)
    separator = ',\n'
  }
  yield Buffer.from('\n]}\n')
}
