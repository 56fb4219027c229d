import { hash, timingSafeEqual } from 'node:crypto'

/** `rdk_`, the id of the key, and 32 random bytes. */
const FORM = /^rdk_([0-9a-f]{20})_[\w-]{43}$/
export const API_KEY_ID_BYTES = 10
export const API_KEY_SECRET_BYTES = 32

/** The secret as its owner receives it, once. The fixed prefix lets scanners find leaked secrets. */
export function toApiKeySecret(id: string, random: Buffer): string {
  return `rdk_${id}_${random.toString('base64url')}`
}

/** The id of the key that a secret belongs to; null if it is not in our format. */
export function readApiKeyId(secret: string): string | null {
  return FORM.exec(secret)?.[1] ?? null
}

/**
 * The hash that is stored of a secret. One round of SHA-256 is enough: a secret has 256 bits of entropy and cannot be
 * guessed. A slow hash, as for passwords, would cost every request.
 */
export function hashOfApiKey(secret: string): string {
  return hash('sha256', secret, 'hex')
}

/** Compares in constant time, against timing attacks. */
export function isApiKey(secret: string, expectedHash: string): boolean {
  const expected = Buffer.from(expectedHash, 'hex')
  const presented = hash('sha256', secret, 'buffer')
  return expected.length === presented.length && timingSafeEqual(expected, presented)
}
