import { AppError } from '@redress/shared/errors.ts'

export class PolicyVersionNotFoundError extends AppError {
  override readonly name = 'PolicyVersionNotFoundError'
  readonly code = 'POLICY_VERSION_NOT_FOUND'
  readonly kind = 'missing'

  constructor(digest: string) {
    super(`There is no version of a policy with the digest ${digest}.`)
  }
}
