import type { Principal } from '@redress/shared/access.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { toPrincipal } from '@redress/shared/internal-token.ts'
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'

/** Asymmetric only: with a symmetric algorithm, whoever can read the public key could sign. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
const CACHED_MAX = 10_000

export type TokenRules = Readonly<{ keys: JWTVerifyGetKey; issuer: string; audience: string }>

/** @throws UnauthenticatedError when there is no token, or one that is forged, expired or meant for somebody else. */
export type VerifyToken = (authorization: string | null) => Promise<Principal>

/** Verifies the value of an `Authorization` header. What was found is kept until the token expires. */
export function createTokenVerifier(rules: TokenRules): VerifyToken {
  const verified = new LRUCache<string, Principal>({ max: CACHED_MAX })

  return async (authorization) => {
    const token = readBearerToken(authorization)
    const known = verified.get(token)
    if (known) return known

    const claims = await verify(token, rules)
    const principal = toPrincipal(claims)
    verified.set(token, principal, { ttl: Math.max(1, claims.exp! * 1000 - Date.now()) })
    return principal
  }
}

function readBearerToken(authorization: string | null): string {
  const [, token] = authorization?.match(/^Bearer +(\S+)$/i) ?? []
  if (token === undefined) throw new UnauthenticatedError('Send a token: Authorization: Bearer <token>.')
  return token
}

async function verify(token: string, { keys, issuer, audience }: TokenRules): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ['sub', 'exp'],
    })
    if (payload.sub === '') throw new Error('The subject is empty.')
    return payload
  } catch (cause) {
    // One sentence for all reasons: whoever tries forged tokens learns nothing.
    throw new UnauthenticatedError('The token is not valid.', { cause })
  }
}
