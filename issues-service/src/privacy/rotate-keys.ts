import { parseArgs } from 'node:util'
import type { MasterKeys } from '@redress/shared/stores/encryption.ts'
import type { Collections } from '../stores/collections.ts'
import { countByMasterKey, rotateDataKeys } from './mongo-data-keys.ts'

const PROGRESS_EVERY_MS = 1_000
/** The exit code when some data keys are not wrapped by the current master key. */
const LEFT_OVER = 2

type Command = Readonly<{
  dataKeys: Collections['dataKeys']
  master: MasterKeys
  /** Of the command line. */
  options?: readonly string[]
  /** Prints what was done. */
  print?: (line: string) => void
  /** Prints progress and problems. */
  warn?: (line: string) => void
  progressEveryMs?: number
}>

/** Rotates the data keys as the command line says (see `npm run keys:rotate -- --help`), and gives the exit code. */
export async function rotateKeys({ options = process.argv.slice(2), ...command }: Command): Promise<number> {
  const { values } = parseArgs({
    args: [...options],
    options: { 'dry-run': { type: 'boolean', default: false }, status: { type: 'boolean', default: false } },
  })
  const run = { print: printLine, warn: warnLine, progressEveryMs: PROGRESS_EVERY_MS, ...command }
  return values.status ? showStatus(run) : rotate(run, values['dry-run'])
}

const printLine = (line: string) => void process.stdout.write(`${line}\n`)
const warnLine = (line: string) => void process.stderr.write(`${line}\n`)

type Run = Required<Omit<Command, 'options'>>

async function showStatus({ dataKeys, master, print }: Run): Promise<number> {
  for (const [keyId, count] of await countByMasterKey(dataKeys, master)) {
    print(`master key ${keyId} (${toSource(keyId, master)}): ${inWords(count)}`)
  }
  return 0
}

function toSource(keyId: string, { current, byId }: MasterKeys): string {
  if (keyId === current.id) return 'ENCRYPTION_KEY'
  return byId.has(keyId) ? 'ENCRYPTION_KEY_PREVIOUS' : 'not given'
}

async function rotate(run: Run, isDryRun: boolean): Promise<number> {
  const { dataKeys, master, print, warn, progressEveryMs } = run
  let shownAt = performance.now()
  const done = await rotateDataKeys({
    ...{ dataKeys, master, isDryRun },
    onDamaged: (id) => warn(`The data key of customer ${id} was changed, and cannot be unwrapped: it stays as it is.`),
    onProgress({ rotated }) {
      if (performance.now() - shownAt < progressEveryMs) return
      shownAt = performance.now()
      warn(`${inWords(rotated)} so far`)
    },
  })
  const { id } = master.current
  if (isDryRun) print(`Dry run, nothing was changed: ${inWords(done.rotated)} to wrap by the master key ${id}.`)
  else print(`${inWords(done.rotated)} wrapped by the master key ${id}.`)
  const expected = done.damaged + (isDryRun ? done.rotated : 0)
  return (await hasLeftOver(run, expected)) || done.damaged > 0 ? LEFT_OVER : 0
}

/** Explains why more data keys than expected are not wrapped by the current master key. */
async function hasLeftOver({ dataKeys, master, warn }: Run, expected: number): Promise<boolean> {
  const counts = [...(await countByMasterKey(dataKeys, master))]
  const unknown = counts.filter(([keyId]) => !master.byId.has(keyId))
  for (const [keyId, count] of unknown) {
    warn(
      `${inWords(count)} wrapped by the master key with the id ${keyId}, which is not given: add it to ENCRYPTION_KEY_PREVIOUS.`,
    )
  }
  const previous = counts.filter(([keyId]) => toSource(keyId, master) === 'ENCRYPTION_KEY_PREVIOUS')
  const added = previous.reduce((sum, [, count]) => sum + count, 0) - expected
  if (added > 0) {
    warn(
      `${inWords(added)} wrapped by a previous master key meanwhile: a process still has it as ENCRYPTION_KEY. Start it with the new one, and run this again.`,
    )
  }
  return unknown.length > 0 || added > 0
}

const inWords = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'data key' : 'data keys'}`
