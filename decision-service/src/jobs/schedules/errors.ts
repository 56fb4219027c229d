import { AppError } from '@redress/shared/errors.ts'

export class ScheduleNotFoundError extends AppError {
  override readonly name = 'ScheduleNotFoundError'
  readonly code = 'SCHEDULE_NOT_FOUND'
  readonly kind = 'missing'

  constructor(name: string) {
    super(`There is no schedule ${name}. The field schedules lists all of them.`)
  }
}

/** The schedule was changed since it was read. */
export class ScheduleConflictError extends AppError {
  override readonly name = 'ScheduleConflictError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(name: string) {
    super(`The schedule ${name} has changed in the meantime. Read it again.`)
  }
}

/** An earlier run of the schedule is not queued yet, because its queue is away. */
export class RunPendingError extends AppError {
  override readonly name = 'RunPendingError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(name: string) {
    super(`A run of the schedule ${name} waits for its queue to be back. Ask again when it has begun.`)
  }
}
