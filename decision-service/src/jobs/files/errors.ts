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

/** The job has no file, or the link leads to none. The same for an unknown, a changed and an expired link. */
export class FileNotFoundError extends AppError {
  override readonly name = 'FileNotFoundError'
  readonly code = 'FILE_NOT_FOUND'
  readonly kind = 'missing'

  constructor() {
    super('There is no such file, or the link to it has expired. `createDownload` makes another one.')
  }
}
