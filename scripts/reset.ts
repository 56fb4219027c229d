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

/** Removes what a stack has left, and says what was done. @throws StackError while one runs. */
async function reset(dataDirectory: string): Promise<string> {
  if (!existsSync(dataDirectory)) return `There is no data at ${dataDirectory}.`
  refuseForeignDirectory(dataDirectory)
  const unlock = lockDataDirectory(dataDirectory)
  try {
    if (!(await isAgreed(dataDirectory))) return 'Nothing was removed.'
    rmSync(dataDirectory, { recursive: true })
    return `Removed ${dataDirectory}.`
  } finally {
    unlock()
  }
}

/** REDRESS_DATA may be mistyped: what does not look like ours is not ours to remove. */
function refuseForeignDirectory(dataDirectory: string): void {
  if (existsSync(`${dataDirectory}/keys.json`) || existsSync(`${dataDirectory}/stack.lock`)) return
  throw new StackError(`${dataDirectory} does not look like data of Redress; nothing was removed.`)
}

async function isAgreed(dataDirectory: string): Promise<boolean> {
  if (process.argv.includes('--yes') || !process.stdin.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Remove all data and keys in ${dataDirectory}? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
