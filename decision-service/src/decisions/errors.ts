import { AppError } from '@redress/shared/errors.ts'

/** A queued job has no stored record. */
export class JobMissingError extends AppError {
  override readonly name = 'JobMissingError'
  readonly code = 'JOB_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no job ${id} on record.`)
  }
}
