import { parseArgs } from 'node:util'
import { StackError } from './stack/failure.ts'
import { MIGRATE_HELP, printHelpIfAsked } from './stack/help.ts'
import { withDatabase } from './stack/keys/known-keys.ts'
import { runProgram } from './stack/run-program.ts'
import { loadEnvironment } from './stack/settings.ts'

const PROGRAMS: Readonly<Record<string, string>> = {
  issues: 'issues-service/src/migrate.ts',
  decisions: 'decision-service/src/migrate.ts',
  audit: 'audit-service/src/migrate.ts',
}
/** EX_USAGE of sysexits.h. */
const USAGE_ERROR = 64

if (!printHelpIfAsked(MIGRATE_HELP)) process.exitCode = run()

function run(): number {
  try {
    const { services, options } = readCommand()
    const env = withDatabase(loadEnvironment())
    for (const service of services) {
      const exitCode = runProgram(PROGRAMS[service]!, options, env)
      if (exitCode !== 0) return exitCode
    }
    return 0
  } catch (error) {
    if (!(error instanceof StackError)) throw error
    console.error(error.message)
    return error.exitCode
  }
}

/** The services, and the options that their programs get. Ends the process where the command makes no sense. */
function readCommand() {
  try {
    const { values } = parseArgs({
      options: {
        service: { type: 'string' },
        'dry-run': { type: 'boolean' },
        status: { type: 'boolean' },
        forget: { type: 'string', multiple: true },
      },
    })
    const { service, forget = [] } = values
    if (service !== undefined && !Object.hasOwn(PROGRAMS, service))
      throw new Error(`--service must be one of ${Object.keys(PROGRAMS).join(', ')}.`)
    if (forget.length > 0 && service === undefined) throw new Error('--forget needs --service.')
    if ([values['dry-run'], values.status, forget.length > 0].filter(Boolean).length > 1)
      throw new Error('Only one of --dry-run, --status and --forget can be given.')
    const flags = (['dry-run', 'status'] as const).filter((flag) => values[flag]).map((flag) => `--${flag}`)
    const options = [...flags, ...forget.map((id) => `--forget=${id}`)]
    return { services: service === undefined ? Object.keys(PROGRAMS) : [service], options }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${MIGRATE_HELP}`)
    process.exit(USAGE_ERROR)
  }
}
