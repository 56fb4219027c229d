import type { Role } from '@redress/shared/access/permissions.ts'
import { AppError } from '@redress/shared/errors.ts'

export class ApiKeyNotFoundError extends AppError {
  override readonly name = 'ApiKeyNotFoundError'
  readonly code = 'API_KEY_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no API key ${id}.`)
  }
}

/** A caller cannot grant a role that it does not have, and some roles are not for keys. */
export class RoleNotGrantableError extends AppError {
  override readonly name = 'RoleNotGrantableError'
  readonly code = 'ROLE_NOT_GRANTABLE'
  readonly kind = 'refused'
  override readonly facts: { roles: readonly Role[] }

  constructor(roles: readonly Role[]) {
    super(`These roles cannot be given to this key by this caller: ${roles.join(', ')}.`)
    this.facts = { roles }
  }
}
