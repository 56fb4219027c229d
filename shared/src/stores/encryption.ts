import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/**
 * Field-level encryption with AES-256-GCM. Each subject has a data key of its own, wrapped by the master key:
 * destroying the data key erases the subject's fields everywhere, backups included.
 */
const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12 // NIST SP 800-38D: the length GCM is made for.
const TAG_BYTES = 16
const VERSION = 'v1'

export type MasterKey = Readonly<{ id: string; key: Buffer }>

/** A stored value was encrypted with another key, or was changed. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError'
}

/** @param hex 64 hexadecimal characters. The id is derived from the key, so that stored values name their key. */
export function readMasterKey(hex: string): MasterKey {
  const key = Buffer.from(hex, 'hex')
  return { key, id: createHash('sha256').update(key).digest('hex').slice(0, 8) }
}

export function createDataKey(): Buffer {
  return randomBytes(KEY_BYTES)
}

/** The data key, encrypted for storage; `subject` binds it to its owner. */
export function wrapDataKey(dataKey: Buffer, master: MasterKey, subject: string): string {
  return `${master.id}.${seal(dataKey, master.key, `data-key:${subject}`)}`
}

/** @throws DecryptionError if it was wrapped by another master key, or for another subject. */
export function unwrapDataKey(wrapped: string, master: MasterKey, subject: string): Buffer {
  const [keyId, sealed] = wrapped.split(/\.(.*)/s)
  if (keyId !== master.id || sealed === undefined)
    throw new DecryptionError('The data key is wrapped by another master key.')
  return open(sealed, master.key, `data-key:${subject}`)
}

/** @param place of the value (`cust_1:email`): a value that was moved to another place cannot be decrypted. */
export function encryptField(plain: string, dataKey: Buffer, place: string): string {
  return seal(Buffer.from(plain), dataKey, place)
}

/** @throws DecryptionError */
export function decryptField(sealed: string, dataKey: Buffer, place: string): string {
  return open(sealed, dataKey, place).toString()
}

function seal(plain: Buffer, key: Buffer, context: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return `${VERSION}.${sealed.toString('base64url')}`
}

function open(text: string, key: Buffer, context: string): Buffer {
  const [version, encoded = ''] = text.split('.')
  const sealed = Buffer.from(encoded, 'base64url')
  if (version !== VERSION || sealed.length < IV_BYTES + TAG_BYTES)
    throw new DecryptionError('The value is not encrypted by us.')
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch (cause) {
    throw new DecryptionError('The value does not open with this key.', { cause })
  }
}
