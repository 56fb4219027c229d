import { importFile, type Outcome } from './import/import-file.ts'
import { IMPORT_HELP, type ImportOptions, readOptions } from './import/options.ts'
import { writeReport } from './import/write-report.ts'
import { printHelpIfAsked } from './stack/help.ts'
import { exitCodeOf, findEndpoint } from './stack/samples/find-endpoint.ts'
import { loadEnvironment } from './stack/settings.ts'

/** Refused rows that are printed where no report is asked for. */
const PRINTED_MAX = 10

if (!printHelpIfAsked(IMPORT_HELP)) process.exitCode = await exitCodeOf(() => run(process.argv.slice(2)))

/** Returns the exit code: 0 when all rows are in, 2 when some were refused. */
async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  const endpoint = findEndpoint(loadEnvironment(), 'import rows')
  const outcome = await importFile(endpoint, options, showProgress)
  console.log(toSummary(outcome, options))
  if (options.report !== null) await writeReport(options.report, outcome.refusedRows)
  else await printRefused(outcome)
  return outcome.refused === 0 ? 0 : 2
}

function showProgress(done: number, rowCount: number): void {
  const text = `${done} of ${rowCount} rows`
  process.stderr.write(process.stderr.isTTY ? `\r${text}${done === rowCount ? '\n' : ''}` : `${text}\n`)
}

function toSummary(outcome: Outcome, { isDryRun }: ImportOptions): string {
  const { rowCount, wasImported, created, unchanged, refused } = outcome
  const counts = `${created} created, ${unchanged} known before, ${refused} refused.`
  if (isDryRun) return `Dry run of ${rowCount} rows, nothing was changed: ${counts}`
  return `${wasImported ? 'This file was imported before. ' : ''}${rowCount} rows: ${counts}`
}

async function printRefused({ refused, refusedRows }: Outcome): Promise<void> {
  let printed = 0
  for await (const { line, code, message } of refusedRows) {
    console.error(`line ${line}: ${code}: ${message}`)
    if (++printed === PRINTED_MAX) break
  }
  if (printed < refused) console.error(`… and ${refused - printed} more; --report FILE writes all of them.`)
}
