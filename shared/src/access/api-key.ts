import { hash, timingSafeEqual } from 'node:crypto'

/** `rdk_`, the id of the key, and 32 random bytes. */
const FORM = /^rdk_([0-9a-f]{20})_[\w-]{43}$/
export const API_KEY_ID_BYTES = 10
export const API_KEY_SECRET_BYTES = 32

/** What the owner of a key is given, once. The known beginning is for programs that look for leaked secrets. */
export function toApiKeySecret(id: string, random: Buffer): string {
  return `rdk_${id}_${random.toString('base64url')}`
}

/** The id that a presented secret names; null where it is no secret of ours. */
export function readApiKeyId(secret: string): string | null {
  return FORM.exec(secret)?.[1] ?? null
}

/**
 * What is kept of a secret. One round of SHA-256: it has 256 bits of entropy, so there is nothing to guess that a slow
 * hash would make slower. That is for passwords, and would cost every request.
 */
export function hashOfApiKey(secret: string): string {
  return hash('sha256', secret, 'hex')
}

/** Compares in constant time, so that nobody finds a hash by measuring. */
export function isApiKey(secret: string, expectedHash: string): boolean {
  const expected = Buffer.from(expectedHash, 'hex')
  const presented = hash('sha256', secret, 'buffer')
  return expected.length === presented.length && timingSafeEqual(expected, presented)
}
