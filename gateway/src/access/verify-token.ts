import { hash } from 'node:crypto'
import { toPrincipal } from '@redress/shared/access/internal-token.ts'
import { DEFAULT_TENANT, isTenant } from '@redress/shared/access/tenant.ts'
import { AppError, UnauthenticatedError } from '@redress/shared/errors.ts'
import { createSingleFlight } from '@redress/shared/resilience/single-flight.ts'
import { HOUR_MS } from '@redress/shared/time.ts'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { type Caller, type CallerSource, scopeOf } from './caller.ts'
import { TenantRefusedError, TokenExpiredError, TokenLifetimeError, TokenRevokedError } from './errors.ts'
import { NO_REVOCATIONS, type Revocations } from './revocations.ts'
import { isSubject } from './subject.ts'

/** Asymmetric only: with a symmetric algorithm a token could be signed with the public key. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
/** Allowed difference between the clocks of issuer and gateway, for `exp` and `nbf`. */
const CLOCK_TOLERANCE_SECONDS = 5
const KNOWN_MAX = 10_000
/** Characters of the signature by which a known caller is found: hashing a whole header takes longer than comparing it. */
const NAME_LENGTH = 43
const REFUSED_MAX = 1_000
/** How long a refused token is refused without verifying it again. Short, because its key may be published meanwhile. */
const REFUSED_MS = 5_000

/** A stolen token is good until it expires, so its lifetime is bounded. */
const LIFETIME_MAX_MS = 8 * HOUR_MS

export type TokenRules = Readonly<{
  keys: JWTVerifyGetKey
  issuer: string
  audience: string
  /** The longest time from `iat` to `exp`; without `iat`, from now. */
  lifetimeMaxMs?: number
  revocations?: Revocations
  now?: () => number
}>

/** Finds the caller of an `Authorization` header. Callers are cached until their token expires. */
export function createTokenCallers({
  now = Date.now,
  revocations = NO_REVOCATIONS,
  ...rules
}: TokenRules): CallerSource {
  const known = new LRUCache<string, Known>({ max: KNOWN_MAX })
  const refused = new LRUCache<string, Readonly<{ error: AppError; until: number }>>({ max: REFUSED_MAX })

  const findKnown = (authorization: string) => {
    const found = known.get(nameOf(authorization))
    if (found?.authorization !== authorization) return null
    return found.caller.isStillValid() === true ? found.caller : null
  }
  const verifyOnce = createSingleFlight(async (authorization: string) => {
    const claims = await verify(readBearerToken(authorization), rules, now())
    await revocations.loaded
    const caller = toCaller(claims, (expiresAt) => expiresAt > now() && !revocations.isRevoked(claims))
    if (revocations.isRevoked(claims)) throw new TokenRevokedError(subjectOf(claims))
    known.set(nameOf(authorization), { authorization, caller })
    return caller
  })

  return {
    findKnown,
    async verify(authorization) {
      const caller = findKnown(authorization)
      if (caller) return caller
      // A hash, so that many long forged tokens do not fill the memory.
      const name = hash('sha256', authorization)
      const refusal = refused.get(name)
      if (refusal !== undefined && refusal.until > now()) throw refusal.error
      try {
        return await verifyOnce(authorization)
      } catch (error) {
        if (isRefusal(error)) refused.set(name, { error, until: now() + REFUSED_MS })
        throw error
      }
    },
  }
}

type Known = Readonly<{ authorization: string; caller: Caller }>

const nameOf = (authorization: string) => authorization.slice(-NAME_LENGTH)

function readBearerToken(authorization: string): string {
  const [, token] = authorization.match(/^Bearer +(\S+)$/i) ?? []
  if (token === undefined) throw new UnauthenticatedError('Send a token: Authorization: Bearer <token>.')
  return token
}

type Rules = Omit<TokenRules, 'now' | 'revocations'>

async function verify(
  token: string,
  { keys, issuer, audience, lifetimeMaxMs }: Rules,
  nowMs: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    })
    if (!isSubject(payload.sub)) throw new Error('The subject cannot be the id of a principal.')
    requireLifetime(payload, lifetimeMaxMs ?? LIFETIME_MAX_MS, nowMs)
    requireTenant(payload)
    return payload
  } catch (cause) {
    // The keys are unavailable, which is not the caller's fault.
    if (cause instanceof AppError) throw cause
    // Checked after the signature, so only the owner of a valid token learns of it.
    if (cause instanceof errors.JWTExpired) throw new TokenExpiredError(subjectOf(cause.payload))
    // One message for all other reasons, so that forging tokens reveals nothing.
    throw new UnauthenticatedError('The token is not valid.', { cause })
  }
}

/** @throws TokenLifetimeError. `iat` may be up to the tolerance in the future, and counts from now if it is more. */
function requireLifetime({ sub, iat, exp }: JWTPayload, maxMs: number, nowMs: number): void {
  const latest = nowMs / 1000 + CLOCK_TOLERANCE_SECONDS
  const issuedAt = Math.min(typeof iat === 'number' ? iat : latest, latest)
  if ((exp! - issuedAt) * 1000 > maxMs) throw new TokenLifetimeError(subjectOf({ sub }), maxMs)
}

/** @throws TenantRefusedError. Subgraphs do not keep tenants apart yet, so that none but the default one is served. */
function requireTenant({ sub, tenant = DEFAULT_TENANT }: JWTPayload): void {
  if (!isTenant(tenant)) throw new TenantRefusedError(subjectOf({ sub }), 'TENANT_INVALID')
  if (tenant !== DEFAULT_TENANT) throw new TenantRefusedError(subjectOf({ sub }), 'TENANT_NOT_SERVED')
}

/** Null for a claim that cannot be the id of a principal. */
const subjectOf = ({ sub }: Readonly<{ sub?: unknown }>) => (isSubject(sub) ? sub : null)

function toCaller(claims: JWTPayload, isValid: (expiresAt: number) => boolean): Caller {
  const principal = toPrincipal(claims)
  const expiresAt = (claims.exp! + CLOCK_TOLERANCE_SECONDS) * 1000
  return {
    principal,
    scope: scopeOf(principal),
    expiresAt,
    requestsPerMinute: null,
    isStillValid: () => isValid(expiresAt),
  }
}

const isRefusal = (error: unknown): error is AppError => error instanceof AppError && error.kind === 'unauthenticated'
