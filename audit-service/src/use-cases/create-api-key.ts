import type { Principal } from '@redress/shared/access/permissions.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type ApiKey, createKey, type KeyRequest, type Secret } from '../domain/api-key.ts'
import type { ApiKeys } from './ports.ts'

export type CreateApiKeyCommand = Readonly<{ request: KeyRequest; granter: Principal; cause: Cause }>
/** @throws BadUserInputError, RoleNotGrantableError */
export type CreateApiKey = (command: CreateApiKeyCommand) => Promise<Readonly<{ apiKey: ApiKey; secret: string }>>

type Dependencies = Readonly<{ keys: ApiKeys; createSecret: () => Secret; now: Clock }>

/** Creates a key and returns its secret, which is not stored and cannot be read again. */
export function createCreateApiKey({ keys, createSecret, now }: Dependencies): CreateApiKey {
  return async ({ request, granter, cause }) => {
    const secret = createSecret()
    const change = createKey(request, { secret, granter, cause, now: now() })
    await keys.transact((transaction) => transaction.save(change))
    return { apiKey: change.key, secret: secret.secret }
  }
}
