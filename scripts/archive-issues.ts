import { parseArgs } from 'node:util'
import { type ArchiveOptions, archiveIssues, readStatistics } from './archive/archive-issues.ts'
import { StackError } from './stack/failure.ts'
import { ARCHIVE_HELP, printHelpIfAsked } from './stack/help.ts'
import { exitCodeOf, findEndpoint } from './stack/samples/find-endpoint.ts'
import { loadEnvironment } from './stack/settings.ts'

if (!printHelpIfAsked(ARCHIVE_HELP)) process.exitCode = await exitCodeOf(() => run(process.argv.slice(2)))

async function run(args: readonly string[]): Promise<number> {
  const { stats, ...options } = readOptions(args)
  const endpoint = findEndpoint(loadEnvironment(), 'archive issues')
  if (stats) console.log(await readStatistics(endpoint))
  else console.log(await archiveIssues(endpoint, options, (text) => console.error(text)))
  return 0
}

/** @throws StackError for a command line that cannot be followed. */
function readOptions(args: readonly string[]): ArchiveOptions & { stats: boolean } {
  const { values } = parse(args)
  const { days, purge, 'dry-run': dryRun, reason, stats } = values
  const purgeAfterDays = purge === undefined ? null : toDays('--purge', purge)
  return { olderThanDays: toDays('-d', days), purgeAfterDays, dryRun, reason, stats }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        days: { type: 'string', short: 'd', default: '30' },
        purge: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        reason: { type: 'string', default: 'npm run archive-issues' },
        stats: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new StackError(`${(error as Error).message}\n\n${ARCHIVE_HELP}`)
  }
}

function toDays(option: string, text: string): number {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1) throw new StackError(`${option} must be a whole number of days from 1 on.`)
  return days
}
