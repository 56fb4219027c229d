import { basename, extname } from 'node:path'
import { parseArgs } from 'node:util'
import { StackError } from '../stack/failure.ts'
import { LINE_BYTES_MAX } from './read-lines.ts'

export const KINDS = { customers: 'CUSTOMERS', payments: 'PAYMENTS', issues: 'ISSUES' } as const
const FORMATS = { '.csv': 'CSV', '.ndjson': 'JSON', '.jsonl': 'JSON' } as const

export const ROWS_MAX = 100_000
export const FILE_BYTES_MAX = 256 * 1024 * 1024

export type ImportOptions = Readonly<{
  file: string
  kind: (typeof KINDS)[keyof typeof KINDS]
  format: (typeof FORMATS)[keyof typeof FORMATS]
  delimiter: string
  isDryRun: boolean
  isResumed: boolean
  report: string | null
}>

export const IMPORT_HELP = `npm run import -- FILE [--kind customers|payments|issues] [--dry-run] [--resume] [--report FILE]

Imports the rows of a file into a running Redress: .ndjson (a JSON object a line) or .csv (the first row names the columns, as
the paths of the fields: externalId, amount.amount, paymentMethods.0.brand; an empty cell is null). Rows are those of
createCustomer, createTransaction and createIssue; payments and issues may name their customer by customerExternalId, and
issues their payment by transactionExternalId. Each row goes in or is refused on its own, once for each externalId.

  --kind KIND       what the rows are (default: by the name of the file, such as payments-2026.csv)
  --dry-run         check the rows and change nothing; rows do not find those of earlier pages
  --resume          go on with a file whose import was interrupted
  --report FILE     write the refused rows to FILE, as .csv or .ndjson
  --delimiter TEXT  between the cells of a .csv (default a comma)

  GRAPHQL_URL       the graph to use, with TOKEN (default: the one that npm start runs here)
  TOKEN             a token that may import, and create what is imported

At most ${ROWS_MAX.toLocaleString('en')} rows, ${LINE_BYTES_MAX / 1024} KiB a row and ${FILE_BYTES_MAX / 1024 / 1024} MiB a file. Exit code 0 when all rows are in, 2 when some were refused, and 1
when the import could not be completed.`

/** @throws StackError for a command line that cannot be followed. */
export function readOptions(args: readonly string[]): ImportOptions {
  const { values, positionals } = parse(args)
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new StackError(`Name one file to import.\n\n${IMPORT_HELP}`)
  const format = FORMATS[extname(file).toLowerCase() as keyof typeof FORMATS]
  if (format === undefined) throw new StackError(`${file} must end with .ndjson or .csv.`)
  const name = values.kind ?? Object.keys(KINDS).find((kind) => basename(file).toLowerCase().startsWith(kind)) ?? ''
  if (!Object.hasOwn(KINDS, name))
    throw new StackError('Say with --kind what the rows are: customers, payments or issues.')
  const report = values.report ?? null
  if (report !== null && !['.csv', '.ndjson'].includes(extname(report))) {
    throw new StackError('The file of --report must end with .csv or .ndjson.')
  }
  const { delimiter, 'dry-run': isDryRun, resume: isResumed } = values
  return { file, kind: KINDS[name as keyof typeof KINDS], format, delimiter, isDryRun, isResumed, report }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        kind: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        resume: { type: 'boolean', default: false },
        report: { type: 'string' },
        delimiter: { type: 'string', default: ',' },
      },
    })
  } catch (error) {
    throw new StackError(`${(error as Error).message}\n\n${IMPORT_HELP}`)
  }
}
