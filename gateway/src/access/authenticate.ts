import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { type Caller, type CallerSource, scopeOf } from './caller.ts'
import type { Credentials } from './credentials.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import type { LimitAddress } from './guards/address-limit.ts'
import type { DevSessions } from './guards/dev-sessions.ts'

/**
 * Finds the caller of a request; synchronously if the credentials are known.
 * @throws UnauthenticatedError, RateLimitedError for an address with too many wrong credentials, and
 * CheckUnavailableError if the credentials cannot be checked. Thrown or rejected with: await it within a `try`.
 */
export type Authenticate = (credentials: Credentials, clientIp: string) => Caller | Promise<Caller>

type Options = Readonly<{
  verifyToken: CallerSource
  verifyApiKey: CallerSource
  /** False gives every caller the role admin, for trying out on a local machine. */
  required: boolean
  failedAttempts: FailedAttempts
  limitAddress?: LimitAddress
  /** Null without sessions. */
  devSessions?: DevSessions | null
}>

const ANYBODY: Caller = (() => {
  const principal = { id: 'anybody', roles: ['admin'], customerId: null, tenant: DEFAULT_TENANT } as const
  return { principal, scope: scopeOf(principal), expiresAt: null, requestsPerMinute: null, isStillValid: () => true }
})()

/**
 * Authenticates callers. A banned address is refused before its credentials are checked, unless they were verified before:
 * others behind the same address are not affected by an attacker.
 */
export function createAuthenticator(options: Options): Authenticate {
  const { verifyToken, verifyApiKey, required, failedAttempts, limitAddress, devSessions } = options
  if (!required) return () => ANYBODY

  const verify = async (source: CallerSource, credential: string, clientIp: string) => {
    await failedAttempts.check(clientIp)
    try {
      return await source.verify(credential)
    } catch (error) {
      if (isGuess(error)) await failedAttempts.note(clientIp)
      throw error
    }
  }

  return ({ authorization, apiKey, session }, clientIp) => {
    if (authorization !== null && apiKey !== null) {
      throw new UnauthenticatedError('Send a token or an API key, not both.')
    }
    const credential = apiKey ?? authorization
    const visitor = credential === null && session ? devSessions?.find(session) : null
    if (visitor) return visitor
    if (credential === null) {
      // Not counted as a failed attempt: no credentials were tried.
      limitAddress?.(clientIp)
      throw new UnauthenticatedError('Send a token (Authorization) or an API key (X-API-Key).')
    }
    const source = apiKey === null ? verifyToken : verifyApiKey
    return source.findKnown(credential) ?? verify(source, credential, clientIp)
  }
}

/** An expired token is not a guess and has an error of its own: it was valid before. */
const isGuess = (error: unknown) => error instanceof UnauthenticatedError
