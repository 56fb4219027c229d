import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLogPrinter, type LogLine, readLines, toJsonLine } from './log-lines.ts'

const AT = 1_700_000_000_000
const ofService: LogLine = {
  process: 'issues-2',
  from: 'stdout',
  text: `{"level":40,"time":${AT},"service":"issues","issueId":"i-1","msg":"decision not applied"}`,
}
const printed = async (isTerminal: boolean, ...lines: readonly LogLine[]) => {
  let text = ''
  const print = await createLogPrinter({ isTerminal, minimum: 'warn', write: (more) => (text += more) })
  for (const line of lines) print(line)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal are control characters.
  return text.replaceAll(/\u001b\[\d+m/g, '')
}

describe('a log line', () => {
  it('of a service is JSON when piped, as the service wrote it', async () => {
    expect(await printed(false, ofService)).toBe(`${ofService.text}\n`)
  })

  it('is formatted on a terminal, with the name of its process', async () => {
    expect(await printed(true, ofService)).toMatch(/^issues-2 .*WARN.*decision not applied.*"issueId":"i-1".*\n$/)
  })

  it('that is not JSON becomes JSON with the name of its process', () => {
    const line = toJsonLine({ process: 'redis', from: 'stderr', text: 'out of memory' }, 'debug', AT)

    expect(JSON.parse(line!)).toEqual({ level: 40, time: AT, service: 'redis', msg: 'out of memory' })
  })

  it('of the supervisor is a warning', () => {
    const line = toJsonLine({ process: 'issues', from: 'supervisor', text: 'issues ended' }, 'warn', AT)

    expect(JSON.parse(line!)).toMatchObject({ level: 40, service: 'supervisor', msg: 'issues ended' })
  })

  it('below the minimum level is left out', async () => {
    const text = `{"level":30,"time":${AT},"service":"devdb","msg":"ready"}`

    expect(await printed(false, { process: 'devdb', from: 'stdout', text })).toBe('')
  })

  it('that is plain output is left out when the minimum is warn', async () => {
    expect(await printed(false, { process: 'redis', from: 'stdout', text: 'Ready to accept connections' })).toBe('')
  })
})

describe('reading lines', () => {
  it('joins pieces of lines and of characters, and returns an unfinished last line', async () => {
    const stream = new PassThrough()
    const lines: string[] = []
    readLines(stream, (line) => lines.push(line))
    const bytes = Buffer.from('first\nzwölf\nlast')

    for (const byte of bytes) stream.write(Buffer.of(byte))
    stream.end()

    await expect.poll(() => lines).toEqual(['first', 'zwölf', 'last'])
  })
})
