import { AppError } from '@redress/shared/errors.ts'
import { toRowError } from '../../views/row-error.ts'
import type { Issue } from '../domain/issue.ts'

/** One result for each row, in order: the issue or the error. */
export function toRows(outcomes: readonly (Issue | AppError)[]) {
  const results = outcomes.map((outcome, index) =>
    outcome instanceof AppError
      ? { index, issue: null, error: toRowError(outcome, ['inputs', String(index)]) }
      : { index, issue: outcome, error: null },
  )
  const failed = results.filter(({ error }) => error !== null).length
  return { results, succeeded: results.length - failed, failed }
}
