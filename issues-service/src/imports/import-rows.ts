import { AppError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import {
  addCounts,
  advanceImport,
  type Counts,
  checkPage,
  type Import,
  type ImportKind,
  importIdOf,
  NO_COUNTS,
  openImport,
  type RefusedRow,
  refuseRow,
} from './import.ts'
import type { Creators, ImportsStore, InputOf, JoinedStores } from './ports.ts'

/** A row of a file: what it asks for, or why it cannot be read. `line` is its place in the file, from 1. */
export type Row<K extends ImportKind> = Readonly<{ line: number; given: InputOf[K] | AppError }>

export type Page<K extends ImportKind> = Readonly<{
  key: string
  kind: K
  rowCount: number
  /** The place of the first row of the page among all rows, from 1. */
  from: number
  rows: readonly Row<K>[]
  cause: Cause
}>

/** The outcome of the rows of a page; rows that were done before are not counted. */
export type PageResult = Counts & Readonly<{ import: Import | null; refusedRows: readonly RefusedRow[] }>

export type ImportRows = <K extends ImportKind>(page: Page<K>) => Promise<PageResult>

type Dependencies = Readonly<{
  store: ImportsStore
  creatorsOn: (stores: JoinedStores) => Creators
  now: Clock
  onCommit: () => void
  /** Rows of one transaction; more of them make documents of events that are slow to publish. */
  rowsAtOnce?: number
}>

const ROWS_AT_ONCE = 250

/**
 * Imports a page of rows; each row is created or refused on its own. Rows and the position of their import are stored
 * together, so that a page that is sent again, whole or in part, changes nothing.
 */
export function createImportRows(dependencies: Dependencies): ImportRows {
  const { store, creatorsOn, now, onCommit, rowsAtOnce = ROWS_AT_ONCE } = dependencies
  return async (page) => {
    const { key, kind, rowCount, from, rows, cause } = page
    const id = importIdOf(cause, key)
    const { actor: startedBy, tenant } = cause
    let current = await store.open(openImport({ id, tenant, kind, rowCount, startedBy }, now()))
    checkPage(current, page)

    let result: Omit<PageResult, 'import'> = { ...NO_COUNTS, refusedRows: [] }
    for (let done = current.position - from + 1; done < rows.length; done += rowsAtOnce) {
      const before = current
      const some = { ...page, from: from + done, rows: rows.slice(done, done + rowsAtOnce) }
      const [after, outcome] = await store.transact(async ({ save, ...stores }) => {
        const { refusedRows, ...counts } = await createRows(creatorsOn(stores), some)
        const after = advanceImport(before, counts, now())
        await save({ before, after, refused: refusedRows })
        return [after, { ...counts, refusedRows }] as const
      })
      onCommit()
      current = after
      result = { ...addCounts(result, outcome), refusedRows: [...result.refusedRows, ...outcome.refusedRows] }
    }
    return { ...result, import: current }
  }
}

/** Gives the outcome that the rows of a page would have. Nothing is stored: rows of one page are not found by the next. */
export function createRehearseRows({ store, creatorsOn }: Pick<Dependencies, 'store' | 'creatorsOn'>): ImportRows {
  return async (page) => ({
    ...(await store.rehearse((stores) => createRows(creatorsOn(stores), page))),
    import: null,
  })
}

async function createRows<K extends ImportKind>(creators: Creators, { kind, from, rows, cause }: Page<K>) {
  const readable = rows.flatMap(({ given }) => (given instanceof AppError ? [] : { input: given, cause }))
  const create: Creators[K] = creators[kind]
  const outcomes = await create(readable)
  let next = 0
  const results = rows.map(({ given }) => (given instanceof AppError ? given : outcomes[next++]!))
  const created = results.filter((one) => !(one instanceof AppError) && one.isNew).length
  const refusedRows = results.flatMap((error, index) =>
    error instanceof AppError ? refuseRow({ row: from + index, line: rows[index]!.line, error }) : [],
  )
  const unchanged = rows.length - created - refusedRows.length
  return { created, unchanged, refused: refusedRows.length, refusedRows }
}
