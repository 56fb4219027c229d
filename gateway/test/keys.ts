import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'

/** The two key pairs of an installation: whoever issues tokens to people has one, the gateway the other. */
export function createKeys() {
  const jwt = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const internal = generateKeyPairSync('ed25519').privateKey
  return {
    jwt,
    internalPrivateKey: internal.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    internalPublicKey: createPublicKey(internal).export({ format: 'der', type: 'spki' }).toString('base64'),
  }
}

export const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString()

export type TokenClaims = Readonly<{
  roles?: readonly string[]
  customerId?: string
  sub?: string
  /** How long it is good, as `5m`. */
  lifetime?: string
}>

export function signToken(
  privateKey: KeyObject,
  { sub = 'ada', lifetime = '5m', ...claims }: TokenClaims,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256' })
    .setSubject(sub)
    .setIssuer('redress')
    .setAudience('redress')
    .setExpirationTime(lifetime)
    .sign(privateKey)
}
