import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { type OnLogLine, toJsonLine } from './log-lines.ts'

/** Keeps log lines in `stack.log` of the data directory, for who does not want to see them. */
export function createFileLog(dataDirectory: string): OnLogLine {
  const file = createWriteStream(join(dataDirectory, 'stack.log'), { flags: 'a' })
  file.on('error', () => {}) // The directory may be removed while the last lines are on their way.
  return (line) => file.write(`${toJsonLine(line, 'debug') ?? ''}\n`)
}
