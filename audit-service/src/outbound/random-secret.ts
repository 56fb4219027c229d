import { randomBytes } from 'node:crypto'
import { API_KEY_ID_BYTES, API_KEY_SECRET_BYTES, toApiKeySecret } from '@redress/shared/access/api-key.ts'
import type { Secret } from '../domain/api-key.ts'

export function createRandomSecret(): Secret {
  const id = randomBytes(API_KEY_ID_BYTES).toString('hex')
  return { id, secret: toApiKeySecret(id, randomBytes(API_KEY_SECRET_BYTES)) }
}
