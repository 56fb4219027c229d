import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = 'appendonlydir'

/**
 * A command is `*<arguments>` and, for each argument, `$<bytes>` and its bytes, each followed by CRLF. Returns the
 * content without its last `count` commands, and without an unfinished one behind them.
 */
export function cutCommands(content: Buffer, count: number): Buffer {
  const starts: number[] = []
  let at = 0
  while (at < content.length) {
    const end = endOfCommand(content, at)
    if (end === null) break
    starts.push(at)
    at = end
  }
  return content.subarray(0, count === 0 ? at : (starts.at(-count) ?? 0))
}

/** The index behind the command that begins at `start`; null where it is unfinished. */
function endOfCommand(content: Buffer, start: number): number | null {
  let at = start
  const readNumber = (): number | null => {
    const end = content.indexOf('\r\n', at)
    if (end === -1) return null
    const number = Number(content.toString('latin1', at + 1, end))
    at = end + 2
    return number
  }
  const words = readNumber()
  if (words === null) return null
  for (let word = 0; word < words; word++) {
    const bytes = readNumber()
    if (bytes === null) return null
    at += bytes + 2
  }
  return at <= content.length ? at : null
}

/** Cuts the last commands off the file that a stopped Redis wrote last, as a power failure does. */
export function truncateAppendOnlyFile(directory: string, count: number): void {
  const folder = join(directory, FOLDER)
  // A Redis that was wiped and killed again at once has written nothing.
  if (!existsSync(folder)) return
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .sort((a, b) => numberIn(a) - numberIn(b))
    .at(-1)
  if (newest === undefined) return
  const file = join(folder, newest)
  writeFileSync(file, cutCommands(readFileSync(file), count))
}

const numberIn = (name: string) => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0)

/** Copies what a running Redis has written; it only ever appends, so the copy is what a lagging replica would have. */
export function copyAppendOnlyFiles(directory: string, to: string): void {
  copy(join(directory, FOLDER), to)
}

export function restoreAppendOnlyFiles(directory: string, from: string): void {
  copy(from, join(directory, FOLDER))
}

/** A Redis that starts then has no data. */
export function removeAppendOnlyFiles(directory: string): void {
  rmSync(join(directory, FOLDER), { recursive: true, force: true })
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  if (existsSync(from)) cpSync(from, to, { recursive: true })
}
