import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { UnauthenticatedError } from '../errors.ts'
import { GATEWAY_ROLE, type Principal, ROLES } from './permissions.ts'
import { toTenant } from './tenant.ts'

/** The internal token tells a subgraph the principal of a request. Ed25519: only the gateway can sign one. */
const ALGORITHM = 'EdDSA'
const ISSUER = 'redress-gateway'
const AUDIENCE = 'redress-subgraph'
const LIFETIME_SECONDS = 60
/** A token is reused for half its usual lifetime, by all requests of one caller. */
const REUSE_MS = (LIFETIME_SECONDS / 2) * 1000
const CACHED_MAX = 10_000
/** Behind the gateway there is one more role, which only an internal token can give. */
const ROLES_WITHIN = [...ROLES, GATEWAY_ROLE] as const

/** The token of a principal; a promise only while it is being signed. */
export type SignInternalToken = (principal: Principal) => string | Promise<string>
/** @throws UnauthenticatedError if the token is missing, forged, expired or for another audience. */
export type VerifyInternalToken = (token: string | null) => Promise<Principal>

/** @param privateKey PKCS #8 in DER, base64. */
export function createInternalTokenSigner(
  privateKey: string,
  lifetimeSeconds: number = LIFETIME_SECONDS,
): SignInternalToken {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  const signed = new LRUCache<string, Signed>({ max: CACHED_MAX })
  // A caller is the same object for all its requests.
  const signedFor = new WeakMap<Principal, Signed>()

  const findOrSign = (principal: Principal): Signed => {
    const name = JSON.stringify([principal.id, principal.roles, principal.customerId, principal.tenant])
    const known = signed.get(name)
    if (known !== undefined && known.until > Date.now()) return known
    const created = startSigning(sign(key, principal, lifetimeSeconds))
    signed.set(name, created)
    return created
  }
  return (principal) => {
    const known = signedFor.get(principal)
    if (known !== undefined && known.until > Date.now()) return known.token
    const own = findOrSign(principal)
    signedFor.set(principal, own)
    return own.token
  }
}

/** `until` is in ms since 1970. */
type Signed = { token: string | Promise<string>; readonly until: number }

function startSigning(token: Promise<string>): Signed {
  const signed: Signed = { token, until: Date.now() + REUSE_MS }
  token.then(
    (text) => {
      signed.token = text
    },
    // The callers, who wait for it, get the error.
    () => {},
  )
  return signed
}

function sign(key: KeyObject, { id, roles, customerId, tenant }: Principal, lifetimeSeconds: number): Promise<string> {
  return new SignJWT({ roles, customerId, tenant })
    .setProtectedHeader({ alg: ALGORITHM })
    .setSubject(id)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(`${lifetimeSeconds}s`)
    .sign(key)
}

/** @param publicKey SubjectPublicKeyInfo in DER, base64. */
export function createInternalTokenVerifier(publicKey: string): VerifyInternalToken {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  const verified = new LRUCache<string, Principal>({ max: CACHED_MAX })

  return async (token) => {
    if (token === null) throw new UnauthenticatedError('Subgraphs answer the gateway only.')
    const known = verified.get(token)
    if (known) return known

    const { principal, expiresAtMs } = await verify(key, token)
    verified.set(token, principal, { ttl: Math.max(1, expiresAtMs - Date.now()) })
    return principal
  }
}

async function verify(key: KeyObject, token: string): Promise<{ principal: Principal; expiresAtMs: number }> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['sub', 'exp'],
    })
    return { principal: toPrincipal(payload, ROLES_WITHIN), expiresAtMs: payload.exp! * 1000 }
  } catch (error) {
    throw new UnauthenticatedError('The internal token is not valid.', { cause: error })
  }
}

/** The principal of verified claims. Roles other than `known` are dropped. @throws Error for what is no name of a tenant. */
export function toPrincipal(claims: Readonly<Record<string, unknown>>, known: Principal['roles'] = ROLES): Principal {
  const { sub, roles, customerId, tenant } = claims
  return {
    id: String(sub),
    roles: Array.isArray(roles) ? known.filter((role) => roles.includes(role)) : [],
    customerId: typeof customerId === 'string' ? customerId : null,
    tenant: toTenant(tenant),
  }
}
