import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'

/**
 * Reads the public keys that tokens are verified with: one key in PEM, or a JWKS.
 * @throws if there is no such file or it holds something else, such as a private key.
 */
export function readVerificationKeys(path: string): JWTVerifyGetKey {
  const text = readFileSync(path, 'utf8')
  if (text.trimStart().startsWith('{')) return createLocalJWKSet(readKeySet(text))
  const key = readPem(text)
  return async () => key
}

export function isReadableKeyFile(path: string): boolean {
  return succeeds(() => readVerificationKeys(path))
}

/** Whether `key` can sign internal tokens: Ed25519, PKCS #8 in DER, base64. */
export function isInternalPrivateKey(key: string): boolean {
  return succeeds(() => {
    const read = createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' })
    if (read.asymmetricKeyType !== 'ed25519') throw new Error('Not an Ed25519 key.')
  })
}

function readPem(text: string): KeyObject {
  // Node would derive the public key from a private one, which a gateway that only verifies must not have.
  if (text.includes('PRIVATE KEY')) throw new Error('A private key.')
  return createPublicKey(text)
}

function readKeySet(text: string): JSONWebKeySet {
  const { keys } = JSON.parse(text) as Partial<JSONWebKeySet>
  const isUsable =
    Array.isArray(keys) && keys.length > 0 && keys.every(({ kty, d }) => kty !== 'oct' && d === undefined)
  if (!isUsable) throw new Error('Not a set of public keys.')
  return { keys }
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}
