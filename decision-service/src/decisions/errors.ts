import { AppError } from '@redress/shared/errors.ts'

/** A job was queued that is not on record. */
export class JobMissingError extends AppError {
  override readonly name = 'JobMissingError'
  readonly code = 'JOB_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no job ${id} on record.`)
  }
}
