import type { DecisionAction } from '@redress/shared/contracts.ts'
import { AppError } from '@redress/shared/errors.ts'

/** The autonomy of the action is not suspended, so it cannot be restored. */
export class AutonomyNotSuspendedError extends AppError {
  override readonly name = 'AutonomyNotSuspendedError'
  readonly code = 'AUTONOMY_NOT_SUSPENDED'
  readonly kind = 'refused'

  constructor(action: DecisionAction) {
    super(`${action} is not suspended for this version of the policy.`)
  }
}
