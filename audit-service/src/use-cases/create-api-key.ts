import type { Principal } from '@redress/shared/access/permissions.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type ApiKey, type KeyRequest, makeKey, type Secret } from '../domain/api-key.ts'
import type { ApiKeys } from './ports.ts'

export type CreateApiKeyCommand = Readonly<{ request: KeyRequest; granter: Principal; cause: Cause }>
/** @throws BadUserInputError, RoleNotGrantableError */
export type CreateApiKey = (command: CreateApiKeyCommand) => Promise<Readonly<{ apiKey: ApiKey; secret: string }>>

type Dependencies = Readonly<{ keys: ApiKeys; makeSecret: () => Secret; now: Clock }>

/** Makes a key and gives back its secret, which nobody can ask for again. */
export function createCreateApiKey({ keys, makeSecret, now }: Dependencies): CreateApiKey {
  return async ({ request, granter, cause }) => {
    const secret = makeSecret()
    const change = makeKey(request, { secret, granter, cause, now: now() })
    await keys.transact((transaction) => transaction.save(change))
    return { apiKey: change.key, secret: secret.secret }
  }
}
