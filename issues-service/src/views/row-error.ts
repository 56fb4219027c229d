import { type AppError, BadUserInputError } from '@redress/shared/errors.ts'
import { DetailsMismatchError } from '../domain/errors.ts'

/** The error of one row of a list. `place` is that of the row in the arguments, such as `inputs.3`. */
export function toRowError(error: AppError, place: readonly string[]) {
  const within = (path: readonly string[]) => [...place, ...path.slice(1)]
  const isInput = error instanceof BadUserInputError
  return {
    code: error.code,
    message: error.message,
    path: isInput || error instanceof DetailsMismatchError ? within(error.facts.argumentPath) : null,
    problems: isInput ? error.facts.problems.map(({ path, ...problem }) => ({ ...problem, path: within(path) })) : null,
  }
}
