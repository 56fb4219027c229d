import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { HOUR_MS } from '@redress/shared/time.ts'
import { LRUCache } from 'lru-cache'
import { type Caller, scopeOf } from '../caller.ts'

export const SESSION_COOKIE = 'redress_session'
/** As long as a token is valid at most. */
export const SESSION_MS = 8 * HOUR_MS
const SESSIONS_MAX = 100

/** Sessions of browsers on the machine of a developer, opened by the link that `npm start` prints. */
export type DevSessions = Readonly<{
  /** Opens a session for the one-time code of the link, and returns its id. @throws UnauthenticatedError */
  open: (code: string) => string
  find: (id: string) => Caller | null
}>

/** @param code accepted once. */
export function createDevSessions(code: string, now: () => number = Date.now): DevSessions {
  const sessions = new LRUCache<string, Caller>({ max: SESSIONS_MAX })
  let isUsed = false
  return {
    open(given) {
      if (isUsed || !timingSafeEqual(digest(given), digest(code))) {
        throw new UnauthenticatedError('The link was used before, or is another one. Start again for a new link.')
      }
      isUsed = true
      const id = randomBytes(32).toString('base64url')
      sessions.set(id, createCaller(now() + SESSION_MS, now))
      return id
    },
    find(id) {
      const caller = sessions.get(id)
      return caller !== undefined && caller.expiresAt! > now() ? caller : null
    },
  }
}

// Digests have one length, so that the comparison takes constant time.
const digest = (text: string) => createHash('sha256').update(text).digest()

function createCaller(expiresAt: number, now: () => number): Caller {
  const principal = { id: 'dev-admin', roles: ['admin'], customerId: null, tenant: DEFAULT_TENANT } as const
  return {
    principal,
    scope: scopeOf(principal),
    expiresAt,
    requestsPerMinute: null,
    isStillValid: () => expiresAt > now(),
  }
}
