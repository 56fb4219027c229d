import { AppError } from '@redress/shared/errors.ts'

/** The file of a job would exceed a limit. Less data makes a smaller file: a shorter range of time, for example. */
export class FileTooLargeError extends AppError {
  override readonly name = 'FileTooLargeError'
  readonly code = 'FILE_TOO_LARGE'
  readonly kind = 'refused'

  /** @param limit such as `10,000 rows`. */
  constructor(limit: string) {
    super(`The file would have more than ${limit}. Ask for less, such as a shorter range of time.`)
  }
}

/** There is no file of this name, or no link to it: unknown, forged and expired links are not told apart. */
export class FileNotFoundError extends AppError {
  override readonly name = 'FileNotFoundError'
  readonly code = 'NOT_FOUND'
  readonly kind = 'missing'

  constructor() {
    super('There is no file at this address, or the link has expired. `Job.download` gives another one.')
  }
}
