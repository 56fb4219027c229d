import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { StackError } from './stack/failure.ts'
import { printHelpIfAsked, RESET_HELP } from './stack/help.ts'
import { KEY_FILES } from './stack/keys/keys.ts'
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

/** Removes data, keys only if asked, and returns a message about what was done. @throws StackError while a stack runs. */
async function reset(dataDirectory: string): Promise<string> {
  if (!existsSync(dataDirectory)) return `There is no data at ${dataDirectory}.`
  refuseForeignDirectory(dataDirectory)
  const unlock = lockDataDirectory(dataDirectory)
  try {
    const kept = process.argv.includes('--keys')
      ? []
      : KEY_FILES.filter((file) => existsSync(join(dataDirectory, file)))
    await requireConsent(`Remove all data${kept.length > 0 ? '' : ' and keys'} in ${dataDirectory}?`)
    if (kept.length === 0) {
      rmSync(dataDirectory, { recursive: true })
      return `Removed ${dataDirectory}.`
    }
    const others = readdirSync(dataDirectory).filter((name) => !kept.includes(name))
    for (const name of others) rmSync(join(dataDirectory, name), { recursive: true })
    return `Removed the data in ${dataDirectory}. Its keys were kept; --keys removes them as well.`
  } finally {
    unlock()
  }
}

/** REDRESS_DATA may be mistyped, so only a directory with files of a stack is removed. */
function refuseForeignDirectory(dataDirectory: string): void {
  if (existsSync(`${dataDirectory}/keys.json`) || existsSync(`${dataDirectory}/stack.lock`)) return
  throw new StackError(`${dataDirectory} does not look like data of Redress; nothing was removed.`)
}

/** @throws StackError without a yes on the terminal or the command line. */
async function requireConsent(question: string): Promise<void> {
  if (process.argv.includes('--yes')) return
  if (!process.stdin.isTTY)
    throw new StackError('Nothing was removed. To remove all data without a terminal, add --yes.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`${question} [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new StackError('Nothing was removed.')
}
