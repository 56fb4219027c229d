import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FORMATS } from './formats.ts'
import { createGroups, ROWS_MAX } from './groups.ts'
import type { Head, Row } from './report.ts'
import { FORMAT_NAMES, type FormatName } from './report-order.ts'

const HEAD: Head = {
  ...{ report: 'jobs', title: 'Jobs', columns: ['name', 'jobs'] },
  range: { from: new Date('2030-01-01T00:00:00Z'), to: new Date('2030-02-01T00:00:00Z') },
}
async function* rowsOf(rows: readonly Row[], failure?: Error) {
  yield* rows
  if (failure) throw failure
}
const write = async (format: FormatName, rows: AsyncIterable<Row>) => {
  const pieces: Uint8Array[] = []
  for await (const piece of FORMATS[format].write(HEAD, rows)) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('a report as CSV', () => {
  it.for([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a "b"', '"a ""b"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['＝1', "'＝1"],
    ['=HYPERLINK("a","b")', '"\'=HYPERLINK(""a"",""b"")"'],
  ])('has the text %j as %j', async ([name, expected]) => {
    const csv = await write('csv', rowsOf([{ name: name!, jobs: -1 }]))

    expect(csv.toString()).toBe(`name,jobs\r\n${expected},-1\r\n`)
  })

  it('has the names of its columns where there are no rows', async () => {
    expect((await write('csv', rowsOf([]))).toString()).toBe('name,jobs\r\n')
  })
})

it.for([0, 1, 2])('a report as JSON with %i rows is one object', async (count) => {
  const rows = Array.from({ length: count }, (_, jobs) => ({ name: null, jobs }))

  expect(JSON.parse((await write('json', rowsOf(rows))).toString())).toEqual({
    ...{ report: 'jobs', title: 'Jobs', columns: ['name', 'jobs'], rows },
    ...{ from: '2030-01-01T00:00:00.000Z', to: '2030-02-01T00:00:00.000Z' },
  })
})

it('a report as PDF has each row on one line, and the names of its columns on each page', async () => {
  const rows = Array.from({ length: 80 }, (_, jobs) => ({ name: `${'wide '.repeat(50)} \u{1f600}`, jobs }))

  const pages = textsOf(await write('pdf', rowsOf(rows)))

  expect(pages.map((texts) => texts.filter((text) => /^\d+$/.test(text)).length)).toEqual([33, 36, 11])
  expect(pages.map((texts) => texts.filter((text) => text === 'name').length)).toEqual([1, 1, 1])
})

/** The texts of each page. */
function textsOf(pdf: Buffer): readonly (readonly string[])[] {
  const streams = pdf.toString('latin1').matchAll(/stream\n([\s\S]*?)\nendstream/g)
  const contents = [...streams].map(([, packed]) => inflateSync(Buffer.from(packed!, 'latin1')).toString('latin1'))
  // Texts are strings of hexadecimal digits, with the distance between some letters.
  const lines = contents.map((content) => [...content.matchAll(/\[(.*?)\] TJ/g)].map(([, line]) => line!))
  const toText = (line: string) =>
    [...line.matchAll(/<([0-9a-f]*)>/g)].map(([, hex]) => Buffer.from(hex!, 'hex').toString('latin1')).join('')
  return lines.map((texts) => texts.map(toText))
}

it.for([...FORMAT_NAMES])('a report as %s fails with its rows', async (format) => {
  await expect(write(format, rowsOf([{ name: 'a', jobs: 1 }], new Error('no more')))).rejects.toThrow('no more')
})

it('a report has a limited number of rows', () => {
  const groups = createGroups(() => ({ jobs: 0 }))
  for (let number = 0; number < ROWS_MAX; number++) groups.of(String(number), null).jobs += 1
  groups.of('7', null).jobs += 1

  expect(() => groups.of('one', 'more')).toThrow(expect.objectContaining({ code: 'FILE_TOO_LARGE' }))
  expect(groups.all()[0]).toEqual([['0', null], { jobs: 1 }])
})
