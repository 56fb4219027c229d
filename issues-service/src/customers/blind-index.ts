import { createHmac, createSecretKey } from 'node:crypto'
import { toCanonicalJson } from '@redress/shared/canonical-json.ts'
import type { BlindIndex } from './ports.ts'

const METHOD_ID_LENGTH = 22

/**
 * Keyed hashes (HMAC-SHA256) of personal data: equal values have equal hashes, and without the key none can be tried out.
 * The key is another one than that of the encryption, so that either can be replaced without the other.
 * @param hex 64 hexadecimal characters.
 */
export function createBlindIndex(hex: string): BlindIndex {
  // The bytes of a key would be made into this at each hash, which costs more than the hash.
  const key = createSecretKey(hex, 'hex')
  const hash = (purpose: string, text: string) =>
    createHmac('sha256', key).update(`${purpose}\0${text}`).digest('base64url')
  return {
    ofEmail: (email) => hash('email', email.normalize('NFKC').trim().toLowerCase()),
    ofInput: (input) => hash('input', toCanonicalJson(input)),
    toMethodId: (customerId, token) =>
      `pm_${hash('payment-method', toCanonicalJson([customerId, token])).slice(0, METHOD_ID_LENGTH)}`,
  }
}
