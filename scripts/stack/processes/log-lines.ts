import type { Readable } from 'node:stream'

/** One line that a process of the stack has printed. */
export type LogLine = Readonly<{ process: string; from: 'stdout' | 'stderr' | 'supervisor'; text: string }>
export type OnLogLine = (line: LogLine) => void

export const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const
export type Level = keyof typeof LEVELS

/** Lines that are not JSON: those of Redis are many and of little use; whoever writes to stderr has a reason. */
const LEVEL_OF_PLAIN_LINE = { stdout: LEVELS.debug, stderr: LEVELS.warn, supervisor: LEVELS.warn } as const

/** The line as JSON, as our services write it; null when it is below `minimum`. */
export function toJsonLine({ process, from, text }: LogLine, minimum: Level, time = Date.now()): string | null {
  const isJson = text.startsWith('{')
  const level = isJson ? levelOfJson(text) : LEVEL_OF_PLAIN_LINE[from]
  if (level < LEVELS[minimum] || text.trim() === '') return null
  if (isJson) return text
  return JSON.stringify({ level, time, service: from === 'supervisor' ? 'supervisor' : process, msg: text })
}

/** Our loggers write the level first; what says none is shown always. */
function levelOfJson(text: string): number {
  return Number(/^\{"level":(\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
}

/** Prints log lines: readable ones with a column for the process on a terminal, JSON otherwise. */
export async function createLogPrinter(options: {
  isTerminal: boolean
  minimum: Level
  write: (text: string) => void
}): Promise<OnLogLine> {
  const { isTerminal, minimum, write } = options
  if (!isTerminal) {
    return (line) => {
      const json = toJsonLine(line, minimum)
      if (json !== null) write(`${json}\n`)
    }
  }

  const { prettyFactory } = await import('pino-pretty')
  const pretty = prettyFactory({ ignore: 'pid,hostname,service', translateTime: 'SYS:HH:MM:ss', singleLine: true })
  return (line) => {
    const json = toJsonLine(line, minimum)
    if (json !== null) write(`${line.process.padEnd(11)} ${pretty(json)}`)
  }
}

/** Calls `onLine` for every line of a child's output; what is unfinished when it ends counts as a line. */
export function readLines(stream: Readable | null, onLine: (text: string) => void): void {
  if (stream === null) return
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
