import { createWriteStream } from 'node:fs'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import type { Outcome, RefusedRow } from './import-file.ts'

const COLUMNS = ['row', 'line', 'code', 'path', 'message']

/** Writes the refused rows to a file, by its name as CSV or NDJSON. A cell that a spreadsheet would run begins with an apostrophe. */
export async function writeReport(file: string, rows: Outcome['refusedRows']): Promise<void> {
  const target = createWriteStream(file, { mode: 0o600 })
  if (extname(file) === '.ndjson') return pipeline(Readable.from(toLines(rows)), target)
  const csv = stringify({ header: true, columns: COLUMNS, record_delimiter: '\r\n', escape_formulas: true })
  await pipeline(Readable.from(toCells(rows)), csv, target)
}

async function* toLines(rows: Outcome['refusedRows']) {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`
}

async function* toCells(rows: Outcome['refusedRows']): AsyncGenerator<Record<keyof RefusedRow, unknown>> {
  for await (const { path, ...row } of rows) yield { ...row, path: path?.join('.') ?? '' }
}
