import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type ApiKey, revokeKey } from '../domain/api-key.ts'
import { ApiKeyNotFoundError } from '../domain/errors.ts'
import type { ApiKeys } from './ports.ts'

/** @throws ApiKeyNotFoundError */
export type RevokeApiKey = (command: Readonly<{ id: string; cause: Cause }>) => Promise<ApiKey>

/** Revokes a key. Revoking it again changes nothing. */
export function createRevokeApiKey({ keys, now }: Readonly<{ keys: ApiKeys; now: Clock }>): RevokeApiKey {
  return ({ id, cause }) =>
    keys.transact(async (transaction) => {
      const key = await transaction.find(id)
      if (key === null) throw new ApiKeyNotFoundError(id)
      if (key.revokedAt !== null) return key

      const change = revokeKey(key, { cause, now: now() })
      await transaction.save(change)
      return change.key
    })
}
