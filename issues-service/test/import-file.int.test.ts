import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { afterAll, expect, it } from 'vitest'
import { importFile } from '../../scripts/import/import-file.ts'
import { readOptions } from '../../scripts/import/options.ts'
import { writeReport } from '../../scripts/import/write-report.ts'
import { openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const endpoint = { url: `${await serveService(service)}/graphql`, token: await tokenOf(withRole('operator')) }
const directory = mkdtempSync(join(tmpdir(), 'redress-import-'))
afterAll(() => rmSync(directory, { recursive: true }))

const fileOf = (name: string, content: string) => {
  const file = join(directory, name)
  writeFileSync(file, content)
  return file
}
const run = (args: readonly string[], onProgress = (_done: number, _of: number) => {}) =>
  importFile(endpoint, readOptions(args), onProgress)
const customersOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({ externalId: `${prefix}-${index}`, email: 'mary@example.org', name: 'Mary' }),
  )
const countCustomers = () => service.collections.customers.countDocuments({})

it('a file is imported, its refused rows are reported without formulas, and a second time changes nothing', async () => {
  const file = fileOf(
    'customers.csv',
    'externalId,email,name,=cmd|x\r\ncsv-1,mary@example.org,Mary,\r\ncsv-2,wrong,Mary,1\r\ncsv-3,mary@example.org,"Mary ""M"", Shelley",\r\n"csv-4,',
  )
  const progress: number[][] = []

  const { refusedRows, ...counts } = await run([file], (...at) => progress.push(at))
  await writeReport(join(directory, 'report.csv'), refusedRows)
  const again = await run([file])

  expect(counts).toMatchObject({ rowCount: 4, created: 2, unchanged: 0, refused: 2 })
  expect(progress).toEqual([[4, 4]])
  expect(readFileSync(join(directory, 'report.csv'), 'utf8').split('\r\n')).toEqual([
    'row,line,code,path,message',
    "2,3,BAD_USER_INPUT,'=cmd|x,'=cmd|x is unknown. email must be an e-mail address.",
    '4,5,BAD_USER_INPUT,,has a quote that is not closed.',
    '',
  ])
  expect(again).toMatchObject({ wasImported: true, created: 0, unchanged: 2, refused: 2 })
})

it('a file whose rows named what did not exist is tried again, until no row is refused', async () => {
  const payment = { merchant: 'Books', amount: { amount: 100, currency: 'EUR' }, status: 'CAPTURED' }
  const row = { externalId: 'early-payment', customerExternalId: 'late-0', ...payment }
  const payments = fileOf('payments.ndjson', JSON.stringify(row))
  const customers = fileOf('customers-5.ndjson', customersOf('late', 1).join('\n'))

  const early = await run([payments])
  await run([customers])
  const late = await run([payments])
  const again = await run([payments])

  expect(early).toMatchObject({ wasImported: false, created: 0, refused: 1 })
  expect(late).toMatchObject({ wasImported: true, created: 1, refused: 0 })
  expect(again).toMatchObject({ wasImported: true, created: 1, refused: 0 })
})

it('an import that was interrupted goes on only with --resume, and behind its position', async () => {
  const file = fileOf('customers-2.ndjson', customersOf('resumed', 1_010).join('\n'))
  const before = await countCustomers()
  const interrupted = run([file], () => {
    throw new Error('interrupted')
  })
  await expect(interrupted).rejects.toThrow('interrupted')
  const stored = (await countCustomers()) - before
  const progress: number[][] = []

  await expect(run([file])).rejects.toThrow(/interrupted after 1000 of 1010 rows/)
  const outcome = await run([file, '--resume'], (...at) => progress.push(at))

  expect(stored).toBe(1_000)
  expect(progress).toEqual([[1_010, 1_010]])
  expect(outcome).toMatchObject({ created: 1_010, unchanged: 0, refused: 0 })
  expect((await countCustomers()) - before).toBe(1_010)
})

it('a dry run says what would be refused, and changes nothing', async () => {
  const file = fileOf('customers-3.ndjson', [...customersOf('dry', 2), '{"name":1}'].join('\n'))
  const before = await countCustomers()
  await writeReport(join(directory, 'report.ndjson'), (await run([file, '--dry-run'])).refusedRows)

  const [row] = readFileSync(join(directory, 'report.ndjson'), 'utf8').split('\n')
  expect(JSON.parse(row!)).toMatchObject({ row: 3, line: 3, code: 'BAD_USER_INPUT', path: ['externalId'] })
  expect(await countCustomers()).toBe(before)
})

it('a report that cannot be written is named before anything is imported', async () => {
  const before = await countCustomers()
  const file = fileOf('customers-6.ndjson', customersOf('unreported', 1).join(''))
  const nowhere = join(directory, 'nowhere', 'report.csv')

  await expect(run([file, '--report', nowhere])).rejects.toThrow(`${nowhere} cannot be written`)
  expect(await countCustomers()).toBe(before)
})

it('a graph that does not answer is named', async () => {
  const file = fileOf('customers-4.ndjson', '{}')
  const nowhere = { url: 'http://127.0.0.1:1/graphql', token: 'x' }

  await expect(importFile(nowhere, readOptions([file]), () => {})).rejects.toThrow(/127\.0\.0\.1:1.*npm start/)
})
