import { StackError } from '../stack/failure.ts'
import { explainIfUnreachable } from '../stack/samples/find-endpoint.ts'
import { callGraphql, callPatiently, type Endpoint } from '../stack/samples/graphql-client.ts'
import { checkReport } from './check-report.ts'
import type { ImportOptions } from './options.ts'
import type { FileRow } from './read-lines.ts'
import { readRows, scanFile } from './read-rows.ts'
import { toPages } from './to-pages.ts'

export type RefusedRow = Readonly<{
  row: number
  line: number
  code: string
  path: readonly string[] | null
  message: string
}>
type Counts = Readonly<{ created: number; unchanged: number; refused: number }>
type Import = Counts & Readonly<{ id: string; state: 'RUNNING' | 'COMPLETED'; position: number }>
type Page = Counts & Readonly<{ import: Import | null; refusedRows: readonly RefusedRow[] }>

/** The outcome of the rows of a file. */
export type Outcome = Counts &
  Readonly<{ rowCount: number; wasImported: boolean; refusedRows: AsyncIterable<RefusedRow> | Iterable<RefusedRow> }>

const REFUSED = '{ row line code path message }'
const IMPORT = '{ id state position created unchanged refused }'
const FIND = `query FindImport($key: String!) { import(idempotencyKey: $key) ${IMPORT} }`
const SEND = `mutation ImportRows($input: ImportRowsInput!, $rows: [ImportRowInput!]!) {
  importRows(input: $input, rows: $rows) { created unchanged refused refusedRows ${REFUSED} import ${IMPORT} } }`
const LIST = `query ListRefused($key: String!, $after: String) { import(idempotencyKey: $key) {
  refusedRows(first: 100, after: $after) { nodes ${REFUSED} pageInfo { hasNextPage endCursor } } } }`

/**
 * Sends the rows of a file page by page. A page may be sent again: what the graph has done of it is not done twice.
 * @param onProgress called with the number of rows that are done.
 * @throws StackError, GraphqlError
 */
export async function importFile(
  endpoint: Endpoint,
  options: ImportOptions,
  onProgress: (done: number, rowCount: number) => void,
): Promise<Outcome> {
  const { kind, format, isDryRun, report } = options
  const { rowCount, digest } = await scanFile(options)
  if (report !== null) await checkReport(report)
  const { key, found, wasImported } = await chooseImport(endpoint, `${kind.toLowerCase()}-${digest}`)
  if (!isDryRun) checkResumed(found, options, rowCount)
  const position = isDryRun ? 0 : (found?.position ?? 0)
  const input = { idempotencyKey: key, kind, rowCount, format, isDryRun }

  let last = found
  const ofDryRun: Page[] = []
  for await (const { from, rows } of toPages(readRows(options), position)) {
    const page = await sendPage(endpoint, { ...input, from }, rows)
    if (page.import === null) ofDryRun.push(page)
    last = page.import
    onProgress(from + rows.length - 1, rowCount)
  }
  if (isDryRun)
    return {
      ...sumOf(ofDryRun),
      rowCount,
      wasImported: false,
      refusedRows: ofDryRun.flatMap(({ refusedRows }) => refusedRows),
    }
  return { ...last!, rowCount, wasImported, refusedRows: listRefused(endpoint, key) }
}

type Choice = Readonly<{ key: string; found: Import | null; wasImported: boolean }>

/**
 * The import to begin or to go on with. One that has ended with refused rows is followed by another of the same file: what a
 * row named may exist by now, and rows that are in are known.
 */
async function chooseImport(endpoint: Endpoint, name: string): Promise<Choice> {
  for (let attempt = 1; ; attempt++) {
    const key = attempt === 1 ? name : `${name}-${attempt}`
    const found = await findImport(endpoint, key)
    const isCompleted = found?.state === 'COMPLETED'
    if (!isCompleted || found.refused === 0) return { key, found, wasImported: attempt > 1 || isCompleted }
  }
}

async function findImport(endpoint: Endpoint, key: string): Promise<Import | null> {
  const data = await callGraphql<{ import: Import | null }>(endpoint, FIND, { key }).catch(explainIfUnreachable)
  return data.import
}

function checkResumed(found: Import | null, { file, isResumed }: ImportOptions, rowCount: number): void {
  if (found === null || found.state === 'COMPLETED' || isResumed) return
  throw new StackError(
    `An import of ${file} was interrupted after ${found.position} of ${rowCount} rows, unless it is still running. Go on with it by --resume.`,
  )
}

async function sendPage(endpoint: Endpoint, input: object, rows: readonly FileRow[]): Promise<Page> {
  const data = await callPatiently<{ importRows: Page | null }>(endpoint, SEND, { input, rows })
  return data.importRows!
}

async function* listRefused(endpoint: Endpoint, key: string): AsyncGenerator<RefusedRow> {
  type Listed = { nodes: readonly RefusedRow[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
  for (let after: string | null = null, hasNext = true; hasNext; ) {
    const variables: { key: string; after: string | null } = { key, after }
    const data = await callPatiently<{ import: { refusedRows: Listed } | null }>(endpoint, LIST, variables)
    const { nodes, pageInfo } = data.import!.refusedRows
    yield* nodes
    after = pageInfo.endCursor
    hasNext = pageInfo.hasNextPage
  }
}

const sumOf = (pages: readonly Counts[]): Counts =>
  pages.reduce(
    (sum, { created, unchanged, refused }) => ({
      created: sum.created + created,
      unchanged: sum.unchanged + unchanged,
      refused: sum.refused + refused,
    }),
    { created: 0, unchanged: 0, refused: 0 },
  )
