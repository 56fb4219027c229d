import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Launched } from './launch-node.ts'
import { type OnLogLine, readLines } from './log-lines.ts'

const LAST_LINES = 20
const OUTPUT_MS = 200
/** EX_CONFIG of sysexits.h: the process cannot run with its configuration. */
const EXIT_CONFIGURATION = 78

export type End = Readonly<{ kind: 'ended' | 'configuration' | 'not ready'; how: string }>

/** One run of a program, from its start to its end. */
export type Life = Readonly<{
  /** The address at which it serves; null when it ended before it served. */
  ready: Promise<string | null>
  ended: Promise<End>
  lastLines: () => readonly string[]
}>

type Options = Readonly<{ process: string; readyMs: number; onLogLine: OnLogLine }>

/** Follows a started process to its end. A process that does not serve within `readyMs` is killed. */
export function followLife({ child, ready }: Launched, { process, readyMs, onLogLine }: Options): Life {
  let lastLines: readonly string[] = []
  for (const from of ['stdout', 'stderr'] as const) {
    readLines(child[from], (text) => {
      lastLines = [...lastLines.slice(1 - LAST_LINES), text]
      onLogLine({ process, from, text })
    })
  }

  let isLate = false
  const tooLate = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, readyMs)
  const { promise: ended, resolve: end } = Promise.withResolvers<End>()
  child.once('error', ({ message }) => end({ kind: 'ended', how: message }))
  child.once('exit', async (code, signal) => {
    // The last lines usually explain the end, and may arrive after the exit.
    await Promise.race([once(child, 'close'), pause(OUTPUT_MS)])
    if (isLate) end({ kind: 'not ready', how: `not ready after ${readyMs / 1000} s` })
    else end({ kind: code === EXIT_CONFIGURATION ? 'configuration' : 'ended', how: signal ?? `exit code ${code}` })
  })

  const readyOrEnded = Promise.race([ready, ended.then(() => null)]).finally(() => clearTimeout(tooLate))
  return { ready: readyOrEnded, ended, lastLines: () => lastLines }
}
