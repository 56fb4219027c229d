import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { StackError } from '../stack/failure.ts'
import { FILE_BYTES_MAX, type ImportOptions, ROWS_MAX } from './options.ts'
import { readCsv } from './read-csv.ts'
import { type FileRow, readLines } from './read-lines.ts'
import { readNdjson } from './read-ndjson.ts'

type FileOptions = Pick<ImportOptions, 'file' | 'format' | 'delimiter'>

export function readRows({ file, format, delimiter }: FileOptions): AsyncGenerator<FileRow> {
  const lines = readLines(file)
  return format === 'CSV' ? readCsv(lines, delimiter) : readNdjson(lines)
}

/**
 * Counts the rows of a file, and names it by its content, so that a file that is changed is another one.
 * @throws StackError if it is not there, empty or too large.
 */
export async function scanFile(options: FileOptions): Promise<Readonly<{ rowCount: number; digest: string }>> {
  const { file } = options
  const { size } = await stat(file).catch((cause) => {
    throw new StackError(`${file} cannot be read.`, { cause })
  })
  if (size > FILE_BYTES_MAX) throw new StackError(`${file} has more than ${FILE_BYTES_MAX} bytes; import it in parts.`)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)

  let rowCount = 0
  for await (const _ of readRows(options)) rowCount++
  if (rowCount === 0) throw new StackError(`${file} has no rows.`)
  if (rowCount > ROWS_MAX)
    throw new StackError(`${file} has ${rowCount} rows, more than ${ROWS_MAX}; import it in parts.`)
  return { rowCount, digest: hash.digest('hex') }
}
