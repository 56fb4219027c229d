import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { type OnLogLine, toJsonLine } from './log-lines.ts'

/** Appends log lines to `stack.log` in the data directory. */
export function createFileLog(dataDirectory: string): OnLogLine {
  const file = createWriteStream(join(dataDirectory, 'stack.log'), { flags: 'a' })
  file.on('error', () => {}) // The directory may be removed before the last lines are written.
  return (line) => file.write(`${toJsonLine(line, 'debug') ?? ''}\n`)
}
