import { type ErrorCode, isErrorCode } from '@redress/shared/error-codes.ts'
import { AppError } from '@redress/shared/errors.ts'
import { isTransient } from '@redress/shared/stores/mongo.ts'
import { isRedisAway } from '@redress/shared/stores/redis.ts'

/** Why a job failed, for its record and for callers: a stable code and a neutral sentence. The log has the rest. */
export type JobFailure = Readonly<{ code: ErrorCode; message: string }>

const UNEXPECTED: JobFailure = {
  code: 'INTERNAL_SERVER_ERROR',
  message: 'Something went wrong on our side. The log of the worker has the details.',
}

/** Three processes ended while they ran this job, the third one without other suspects beside it: it is the likely cause. */
export class JobCrashedError extends AppError {
  override readonly name = 'JobCrashedError'
  readonly code = 'JOB_CRASHED'
  readonly kind = 'refused'

  constructor() {
    super('Each process that worked on this ended before it was done.')
  }
}

/** An attempt has taken longer than its type allows. */
export class JobTimedOutError extends AppError {
  override readonly name = 'JobTimedOutError'
  readonly code = 'JOB_TIMED_OUT'
  readonly kind = 'unavailable'

  constructor(timeoutMs: number) {
    super(`The attempt took longer than ${timeoutMs} ms.`)
  }
}

/** The data of a job in its queue does not have the shape of its type. */
export class JobUnreadableError extends AppError {
  override readonly name = 'JobUnreadableError'
  readonly code = 'JOB_UNREADABLE'
  readonly kind = 'invalid'

  constructor(type: string, problem: string) {
    super(`The data of this job does not fit the type ${type}: ${problem}`)
  }
}

export function toJobFailure(error: unknown): JobFailure {
  return error instanceof AppError ? { code: error.code, message: error.message } : UNEXPECTED
}

/** A failure in one line, such as `AI_UNAVAILABLE: The model gave no usable answer: timeout.` */
export function textOf({ code, message }: JobFailure): string {
  return `${code}: ${message}`
}

/** The failure of a line that `textOf` has made; of any other line, which callers do not see, one without details. */
export function readFailure(text: string): JobFailure {
  const [code, ...rest] = text.split(': ')
  return isErrorCode(code) ? { code, message: rest.join(': ') } : UNEXPECTED
}

/** Whether MongoDB or Redis is away: the job is held until they are back. */
export function isStoreAway(error: unknown): boolean {
  return isTransient(error) || isRedisAway(error)
}
