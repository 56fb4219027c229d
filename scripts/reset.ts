import { existsSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { StackError } from './stack/failure.ts'
import { printHelpIfAsked, RESET_HELP } from './stack/help.ts'
import { lockDataDirectory } from './stack/lock.ts'
import { dataDirectoryOf, loadEnvironment } from './stack/settings.ts'

if (!printHelpIfAsked(RESET_HELP)) process.exitCode = await run()

async function run(): Promise<number> {
  try {
    console.log(await reset(dataDirectoryOf(loadEnvironment())))
    return 0
  } catch (error) {
    if (!(error instanceof StackError)) throw error
    console.error(error.message)
    return 1
  }
}

/** Removes the data directory, and returns a message about what was done. @throws StackError while a stack runs. */
async function reset(dataDirectory: string): Promise<string> {
  if (!existsSync(dataDirectory)) return `There is no data at ${dataDirectory}.`
  refuseForeignDirectory(dataDirectory)
  const unlock = lockDataDirectory(dataDirectory)
  try {
    if (!(await isConfirmed(dataDirectory))) return 'Nothing was removed.'
    rmSync(dataDirectory, { recursive: true })
    return `Removed ${dataDirectory}.`
  } finally {
    unlock()
  }
}

/** REDRESS_DATA may be mistyped, so only a directory with files of a stack is removed. */
function refuseForeignDirectory(dataDirectory: string): void {
  if (existsSync(`${dataDirectory}/keys.json`) || existsSync(`${dataDirectory}/stack.lock`)) return
  throw new StackError(`${dataDirectory} does not look like data of Redress; nothing was removed.`)
}

async function isConfirmed(dataDirectory: string): Promise<boolean> {
  if (process.argv.includes('--yes') || !process.stdin.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Remove all data and keys in ${dataDirectory}? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
