import { AppError } from '@redress/shared/errors.ts'

/** Ends the process with one line for what a person can put right, such as a port in use. A bug stays loud. */
export function endWithOneLine(error: unknown): never {
  if (!(error instanceof AppError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
