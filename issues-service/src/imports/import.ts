import { createHash } from 'node:crypto'
import { type AppError, BadUserInputError, IdempotencyConflictError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'

export type ImportKind = 'CUSTOMERS' | 'PAYMENTS' | 'ISSUES'
export type ImportState = 'RUNNING' | 'COMPLETED'

/** The outcome of the rows of an import, or of a page. `unchanged` ones were created before, with the same input. */
export type Counts = Readonly<{ created: number; unchanged: number; refused: number }>
export const NO_COUNTS: Counts = { created: 0, unchanged: 0, refused: 0 }

/** Rows of a file that come in page by page. */
export type Import = Counts &
  Readonly<{
    id: string
    tenant: string
    kind: ImportKind
    state: ImportState
    /** The number of rows of the file. */
    rowCount: number
    /** The number of rows that are done, from the first one; the next page begins behind them. */
    position: number
    startedBy: string
    createdAt: Date
    updatedAt: Date
    completedAt: Date | null
  }>

/** A row that was not imported. `row` is its place among the rows, from 1, and `line` that in the file. */
export type RefusedRow = Readonly<{
  row: number
  line: number
  code: string
  /** With personal data masked. */
  message: string
  /** The place of the first problem in the row; null if it is not about one value. */
  path: readonly string[] | null
}>

/** The id of the import with a key of a caller: equal keys of two callers are two imports. */
export function importIdOf({ tenant, actor }: Pick<Cause, 'tenant' | 'actor'>, key: string): string {
  return `imp_${createHash('sha256')
    .update(JSON.stringify([tenant, actor, key]))
    .digest('hex')
    .slice(0, ID_LENGTH)}`
}
const ID_LENGTH = 32

type Opening = Pick<Import, 'id' | 'tenant' | 'kind' | 'rowCount' | 'startedBy'>

export function openImport(given: Opening, now: Date): Import {
  return { ...given, ...NO_COUNTS, state: 'RUNNING', position: 0, createdAt: now, updatedAt: now, completedAt: null }
}

/**
 * Checks that a page belongs to an import.
 * @throws IdempotencyConflictError if the import is of another file, BadUserInputError if rows before the page are missing.
 */
export function checkPage(
  found: Import,
  page: Readonly<{ key: string; kind: ImportKind; rowCount: number; from: number }>,
) {
  if (page.kind !== found.kind || page.rowCount !== found.rowCount) throw new IdempotencyConflictError(page.key)
  if (page.from <= found.position + 1) return
  throw new BadUserInputError(
    ['input', 'from'],
    `must be at most ${found.position + 1}, since the rows before it are missing`,
  )
}

/** The import after more of its rows are done. */
export function advanceImport(before: Import, counts: Counts, now: Date): Import {
  const position = before.position + counts.created + counts.unchanged + counts.refused
  const isCompleted = position === before.rowCount
  return {
    ...before,
    ...addCounts(before, counts),
    position,
    updatedAt: now,
    ...(isCompleted && { state: 'COMPLETED' as const, completedAt: now }),
  }
}

export const addCounts = (a: Counts, b: Counts): Counts => ({
  created: a.created + b.created,
  unchanged: a.unchanged + b.unchanged,
  refused: a.refused + b.refused,
})

const MESSAGE_LENGTH_MAX = 500
const PATH_LENGTH_MAX = 20

/** The record of a refused row: names and ids in it may be personal data, which is masked. */
export function refuseRow({ row, line, error }: Readonly<{ row: number; line: number; error: AppError }>): RefusedRow {
  if (!(error instanceof BadUserInputError)) {
    const { argumentPath } = error.facts as { argumentPath?: readonly string[] }
    return {
      row,
      line,
      code: error.code,
      message: mask(error.message),
      path: argumentPath ? toPath(argumentPath) : null,
    }
  }
  // Only the path has words of the caller; a limit in the message is not to be masked.
  const sentences = error.facts.problems.map(({ path, message }) => `${toPath(path).join('.')} ${message}.`.trimStart())
  const message = cutText(sentences.join(' '), MESSAGE_LENGTH_MAX)
  return { row, line, code: error.code, message, path: toPath(error.facts.argumentPath) }
}

const mask = (text: string) => cutText(maskPersonal(text), MESSAGE_LENGTH_MAX)

/** Use cases give the place in their argument `input`, which is the row here. */
const toPath = (path: readonly string[]) => path.slice(path[0] === 'input' ? 1 : 0, PATH_LENGTH_MAX).map(mask)
