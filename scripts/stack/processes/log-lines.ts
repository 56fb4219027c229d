import type { Readable } from 'node:stream'

/** One line that a process of the stack has printed. */
export type LogLine = Readonly<{ process: string; from: 'stdout' | 'stderr' | 'supervisor'; text: string }>
export type OnLogLine = (line: LogLine) => void

export const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const
export type Level = keyof typeof LEVELS

/** Levels of lines that are not JSON. On stdout these are the many lines of Redis; stderr has problems. */
const LEVEL_OF_PLAIN_LINE = { stdout: LEVELS.debug, stderr: LEVELS.warn, supervisor: LEVELS.warn } as const

/** The line as JSON in the format of the services; null when its level is below `minimum`. */
export function toJsonLine({ process, from, text }: LogLine, minimum: Level, time = Date.now()): string | null {
  const isJson = text.startsWith('{')
  const level = isJson ? levelOfJson(text) : LEVEL_OF_PLAIN_LINE[from]
  if (level < LEVELS[minimum] || text.trim() === '') return null
  if (isJson) return text
  return JSON.stringify({ level, time, service: from === 'supervisor' ? 'supervisor' : process, msg: text })
}

/** The services write the level first. A line without one is always shown. */
function levelOfJson(text: string): number {
  return Number(/^\{"level":(\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
}

/** Prints log lines: on a terminal formatted, with a column for the process; otherwise as JSON. */
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

/** Calls `onLine` for every line of a child's output, also for an unfinished last one. */
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
