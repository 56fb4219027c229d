import { AppError } from '@redress/shared/errors.ts'
import type { Authenticate } from '../authenticate.ts'
import type { Caller } from '../caller.ts'
import type { Credentials } from '../credentials.ts'
import { RateLimitedError } from '../errors.ts'
import type { RateLimiter, RateVerdict } from '../rate-limit.ts'
import type { NoteRefusal, RefusalReason } from './refusal.ts'

/** Notes every refusal of credentials, and of addresses with too many requests. */
export function notingRefusals(authenticate: Authenticate, note: NoteRefusal): Authenticate {
  return (credentials, clientIp) => {
    const fail = (error: unknown): never => {
      const reason = reasonOf(error, credentials)
      if (reason !== null) note({ reason, callerId: subjectOf(error), clientIp, permission: null })
      throw error
    }
    try {
      const found = authenticate(credentials, clientIp)
      return found instanceof Promise ? found.catch(fail) : found
    } catch (error) {
      return fail(error)
    }
  }
}

/** Null for what is nobody's refusal: no credentials, two at once, or a store that is away. */
function reasonOf(error: unknown, { authorization, apiKey }: Credentials): RefusalReason | null {
  const given = [authorization, apiKey].filter((credential) => credential !== null)
  if (error instanceof RateLimitedError) return given.length > 0 ? 'ADDRESS_BANNED' : 'ADDRESS_LIMITED'
  if (!(error instanceof AppError) || error.kind !== 'unauthenticated' || given.length !== 1) return null
  return REASONS.find((reason) => reason === error.facts.reason) ?? 'INVALID_CREDENTIALS'
}

const REASONS = ['TOKEN_EXPIRED', 'TOKEN_LIFETIME', 'TOKEN_REVOKED'] as const satisfies RefusalReason[]

/** The subject of a token whose signature is valid. */
function subjectOf(error: unknown): string | null {
  return error instanceof AppError && 'subject' in error && typeof error.subject === 'string' ? error.subject : null
}

/** Notes every request above the limit of its caller. */
export function notingLimits(limiter: RateLimiter, note: NoteRefusal): RateLimiter {
  const look = ({ principal }: Caller, verdict: RateVerdict) => {
    if (!verdict.allowed) note({ reason: 'CALLER_LIMITED', callerId: principal.id, clientIp: null, permission: null })
    return verdict
  }
  return {
    consume(caller, group) {
      const verdict = limiter.consume(caller, group)
      return verdict instanceof Promise ? verdict.then((found) => look(caller, found)) : look(caller, verdict)
    },
  }
}
