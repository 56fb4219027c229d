import { parseArgs } from 'node:util'
import { StackError } from './stack/failure.ts'
import { printHelpIfAsked, ROTATE_KEYS_HELP } from './stack/help.ts'
import { withDatabase } from './stack/keys/known-keys.ts'
import { runProgram } from './stack/run-program.ts'
import { exitCodeOf } from './stack/samples/find-endpoint.ts'
import { loadEnvironment } from './stack/settings.ts'

if (!printHelpIfAsked(ROTATE_KEYS_HELP)) process.exitCode = await exitCodeOf(run)

/** @throws StackError for a command line that cannot be followed, and without a database. */
async function run(): Promise<number> {
  return runProgram('issues-service/src/rotate-keys.ts', readOptions(), withDatabase(loadEnvironment()))
}

function readOptions(): readonly string[] {
  try {
    const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean' }, status: { type: 'boolean' } } })
    if (values['dry-run'] && values.status) throw new Error('Only one of --dry-run and --status can be given.')
    return Object.keys(values).map((name) => `--${name}`)
  } catch (error) {
    throw new StackError(`${(error as Error).message}\n\n${ROTATE_KEYS_HELP}`)
  }
}
