import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'
import { type FileRow, LINE_BYTES_MAX } from './read-lines.ts'
import { readRows, scanFile } from './read-rows.ts'
import { type Page, toPages } from './to-pages.ts'

const directory = mkdtempSync(join(tmpdir(), 'redress-import-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
const fileOf = (extension: string, content: string | Buffer) => {
  const file = join(directory, `file-${++files}.${extension}`)
  writeFileSync(file, content)
  return file
}
const ndjson = (content: string | Buffer) =>
  ({ file: fileOf('ndjson', content), format: 'JSON', delimiter: ',' }) as const
const csv = (content: string | Buffer, delimiter = ',') =>
  ({ file: fileOf('csv', content), format: 'CSV', delimiter }) as const
const rowsOf = (file: Parameters<typeof readRows>[0]) => Readable.from(readRows(file)).toArray() as Promise<FileRow[]>
const fine = (line: number, value: object) => ({ line, value, problem: null })
const wrong = (line: number, problem: string) => ({ line, value: null, problem })

describe('a file of JSON', () => {
  it('has a row on each line, after a byte order mark, with either end of a line', async () => {
    const rows = await rowsOf(ndjson('\ufeff{"a":1}\r\n\n  \n{"a":"x\\ud800"}\n{"a":[]}'))

    expect(rows).toEqual([fine(1, { a: 1 }), fine(4, { a: 'x\ud800' }), fine(5, { a: [] })])
  })

  it('has rows that cannot be read, each on its own line', async () => {
    const long = `{"a":"${'x'.repeat(LINE_BYTES_MAX)}"}`
    const content = Buffer.concat([
      Buffer.from(`{\n[1]\n"x"\n${long}\n{"a":"`),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"a":1}\n'),
    ])

    expect(await rowsOf(ndjson(content))).toEqual([
      wrong(1, 'is not JSON'),
      wrong(2, 'is not a JSON object'),
      wrong(3, 'is not a JSON object'),
      wrong(4, 'is longer than 65536 bytes'),
      wrong(5, 'is not UTF-8'),
      fine(6, { a: 1 }),
    ])
  })
})

describe('a file of CSV', () => {
  it('has rows of cells by column, with quotes, commas and line breaks in them', async () => {
    const rows = await rowsOf(csv('\ufeffa, b \r\n1,"x, ""y""\r\nz"\r\n\r\n=1+1,\r\n"",é\r\n'))

    expect(rows).toEqual([
      fine(2, { a: '1', b: 'x, "y"\nz' }),
      fine(5, { a: '=1+1', b: '' }),
      fine(6, { a: '', b: 'é' }),
    ])
  })

  it('refuses a row with a wrong quote alone, wherever the quote would end', async () => {
    const rows = await rowsOf(csv('a,b\n1,"x\n2,y\n3,z"z\n4,"z" z\n5,6,7\n8\n9,""\n"10,\n11,12'))

    expect(rows).toEqual([
      wrong(2, 'has a quote in a wrong place'),
      wrong(5, 'has a quote in a wrong place'),
      wrong(6, 'has 3 cells, and there are 2 columns'),
      wrong(7, 'has 1 cells, and there are 2 columns'),
      fine(8, { a: '9', b: '' }),
      wrong(9, 'has a quote that is not closed'),
      fine(10, { a: '11', b: '12' }),
    ])
  })

  it('has rows that are not UTF-8, or too long, or named like a prototype', async () => {
    const content = Buffer.concat([
      Buffer.from('a,__proto__\n1,'),
      Buffer.from([0xc3]),
      Buffer.from(`\n"${'x'.repeat(70_000)}\n2,3\n`),
    ])

    const rows = await rowsOf(csv(content))

    expect(rows.slice(0, 2)).toEqual([wrong(2, 'is not UTF-8'), wrong(3, 'is longer than 65536 bytes')])
    expect(Object.entries(rows[2]!.value!)).toEqual([
      ['a', '2'],
      ['__proto__', '3'],
    ])
  })

  it('may have another delimiter', async () => {
    expect(await rowsOf(csv('a;b\n1;"2;3"\n', ';'))).toEqual([fine(2, { a: '1', b: '2;3' })])
  })

  it.for(['', '\n\n', 'a,a\n1,2', 'a,"b\n1,2'])(
    'is refused as a whole without the names of its columns: %j',
    async (content) => {
      await expect(rowsOf(csv(content))).rejects.toThrow(/first row/)
    },
  )
})

it('a file is named by its content, and refused without rows or with too many', async () => {
  const [one, same, other] = await Promise.all(['{}\n', '{}\n', '{} \n'].map((text) => scanFile(ndjson(text))))

  expect([one!.rowCount, one!.digest === same!.digest, one!.digest === other!.digest]).toEqual([1, true, false])
  await expect(scanFile(ndjson('\n'))).rejects.toThrow(/no rows/)
  await expect(scanFile(ndjson('{}\n'.repeat(100_001)))).rejects.toThrow(/100001 rows/)
  await expect(scanFile({ file: join(directory, 'none.ndjson'), format: 'JSON', delimiter: ',' })).rejects.toThrow(
    /cannot be read/,
  )
})

it('pages have at most 1,000 rows, 768 KiB and 9,000 values, and begin behind the position', async () => {
  const rows = Array.from({ length: 2_500 }, (_, index) => fine(index + 1, {}))
  const large = Array.from({ length: 30 }, (_, index) => fine(index + 1, { a: 'x'.repeat(60_000) }))
  const wide = Array.from({ length: 900 }, (_, index) => fine(index + 1, { a: [1, 2, 3], b: { c: 4 } }))
  const pagesOf = async (given: readonly ReturnType<typeof fine>[], position: number) =>
    (await Readable.from(toPages(Readable.from(given), position)).toArray()).map(({ from, rows }: Page) => [
      from,
      rows.length,
    ])

  expect(await pagesOf(rows, 400)).toEqual([
    [401, 1_000],
    [1_401, 1_000],
    [2_401, 100],
  ])
  expect(await pagesOf(wide, 0)).toEqual([[1, 900]])
  expect(await pagesOf(large, 0)).toEqual([
    [1, 13],
    [14, 13],
    [27, 4],
  ])
})

it('a row that no page can have is refused alone', async () => {
  const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as object
  const rows = [fine(1, { a: nested(7) }), fine(2, { a: nested(8) }), fine(3, { a: nested(9_000) })]
  const wide = fine(4, { a: Array.from({ length: 9_000 }, () => 1) })

  const pages = await Readable.from(toPages(Readable.from([...rows, wide, fine(5, {})]), 0)).toArray()

  expect(pages).toEqual([
    {
      from: 1,
      rows: [
        rows[0],
        wrong(2, 'has more than 8 levels of objects and lists'),
        wrong(3, 'has more than 8 levels of objects and lists'),
        wrong(4, 'has too many values'),
        fine(5, {}),
      ],
    },
  ])
})

describe('the command line', () => {
  it('takes kind and format from the name of the file', () => {
    expect(readOptions(['data/Payments-2026.CSV'])).toMatchObject({ kind: 'PAYMENTS', format: 'CSV', isDryRun: false })
    expect(readOptions(['x.jsonl', '--kind', 'issues', '--resume'])).toMatchObject({ kind: 'ISSUES', isResumed: true })
  })

  it.for([
    [],
    ['x.ndjson'],
    ['customers.xml'],
    ['a.csv', 'b.csv'],
    ['customers.csv', '--kind', 'constructor'],
    ['customers.csv', '--report', 'x.txt'],
    ['--wrong'],
  ])('is refused with an explanation: %j', (args) => {
    expect(() => readOptions(args)).toThrow(expect.objectContaining({ name: 'StackError' }))
  })
})
