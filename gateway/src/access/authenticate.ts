import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { type Caller, type CallerSource, scopeOf } from './caller.ts'
import type { Credentials } from './credentials.ts'
import type { FailedAttempts } from './failed-attempts.ts'

/**
 * Who is calling: at once where they are known.
 * @throws UnauthenticatedError, RateLimitedError for an address with too many wrong credentials, and
 * CheckUnavailableError where it cannot be found out. Thrown or rejected with: await it within a `try`.
 */
export type Authenticate = (credentials: Credentials, clientIp: string) => Caller | Promise<Caller>

type Options = Readonly<{
  verifyToken: CallerSource
  verifyApiKey: CallerSource
  /** False lets everybody do everything, which is for trying out on one's own machine. */
  required: boolean
  failedAttempts: FailedAttempts
}>

const ANYBODY: Caller = (() => {
  const principal = { id: 'anybody', roles: ['admin'], customerId: null } as const
  return { principal, scope: scopeOf(principal), expiresAt: null, requestsPerMinute: null, isStillValid: () => true }
})()

/**
 * Finds out who is calling. A banned address is refused before its credentials are looked at, unless they were verified
 * before: whoever shares an address with somebody who guesses goes on working.
 */
export function createAuthenticator(options: Options): Authenticate {
  const { verifyToken, verifyApiKey, required, failedAttempts } = options
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

  return ({ authorization, apiKey }, clientIp) => {
    if (authorization !== null && apiKey !== null) {
      throw new UnauthenticatedError('Send a token or an API key, not both.')
    }
    const credential = apiKey ?? authorization
    // Nothing was tried, so nothing is counted.
    if (credential === null) throw new UnauthenticatedError('Send a token (Authorization) or an API key (X-API-Key).')
    const source = apiKey === null ? verifyToken : verifyApiKey
    return source.findKnown(credential) ?? verify(source, credential, clientIp)
  }
}

/** Not an expired token, which has an error of its own: it was good, and its owner left a page open. */
const isGuess = (error: unknown) => error instanceof UnauthenticatedError
