import { AppError, BadUserInputError } from '@redress/shared/errors.ts'
import { DetailsMismatchError } from '../../domain/errors.ts'
import type { Issue } from '../domain/issue.ts'

/** The place of a row's problem in the arguments, from the place in the input of the row. */
const placeOfRow = (path: readonly string[], index: number) => ['inputs', String(index), ...path.slice(1)]

function problemsOfRow({ facts }: BadUserInputError, index: number) {
  return facts.problems.map(({ path, ...problem }) => ({ ...problem, path: placeOfRow(path, index) }))
}

/** One result for each row, in order: the issue or the error. */
export function toRows(outcomes: readonly (Issue | AppError)[]) {
  const results = outcomes.map((outcome, index) => {
    if (!(outcome instanceof AppError)) return { index, issue: outcome, error: null }
    const problems = outcome instanceof BadUserInputError ? problemsOfRow(outcome, index) : null
    const isPlaced = outcome instanceof BadUserInputError || outcome instanceof DetailsMismatchError
    const path = isPlaced ? placeOfRow(outcome.facts.argumentPath, index) : null
    return { index, issue: null, error: { code: outcome.code, message: outcome.message, path, problems } }
  })
  const failed = results.filter(({ error }) => error !== null).length
  return { results, succeeded: results.length - failed, failed }
}
