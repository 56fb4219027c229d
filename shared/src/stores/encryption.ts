import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto'

/**
 * Field-level encryption with AES-256-GCM. Each subject has a data key of its own, wrapped by the master key:
 * destroying the data key erases the subject's fields everywhere, backups included.
 */
const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12 // NIST SP 800-38D: the length GCM is made for.
const TAG_BYTES = 16
const VERSION = 'v1'

type MasterKey = Readonly<{ id: string; key: Buffer }>

/** The keys that wrap data keys. */
export type MasterKeys = Readonly<{
  /** Wraps new data keys. */
  current: MasterKey
  /** All that unwrap data keys, the current one among them, by their ids. */
  byId: ReadonlyMap<string, MasterKey>
}>

/** A stored value was encrypted with another key, or was changed. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError'
}

/** The given keys have 64 hexadecimal characters each; the previous ones only unwrap. */
export function readMasterKeys({
  encryptionKey,
  previousEncryptionKeys = [],
}: Readonly<{ encryptionKey: string; previousEncryptionKeys?: readonly string[] }>): MasterKeys {
  const current = readMasterKey(encryptionKey)
  const all = [...previousEncryptionKeys.map(readMasterKey), current]
  return { current, byId: new Map(all.map((one) => [one.id, one])) }
}

/** The id is derived from the key, so that stored values name their key. */
function readMasterKey(hex: string): MasterKey {
  const key = Buffer.from(hex, 'hex')
  return { key, id: createHash('sha256').update(key).digest('hex').slice(0, 8) }
}

export function createDataKey(): Buffer {
  return randomBytes(KEY_BYTES)
}

/** The data key, encrypted for storage; `subject` binds it to its owner. */
export function wrapDataKey(dataKey: Buffer, { current }: MasterKeys, subject: string): string {
  return `${current.id}.${seal(dataKey, current.key, `data-key:${subject}`)}`
}

/** @throws DecryptionError if it was wrapped by a master key that is not given, or for another subject. */
export function unwrapDataKey(wrapped: string, { byId }: MasterKeys, subject: string): Buffer {
  const keyId = masterKeyIdOf(wrapped)
  const master = byId.get(keyId)
  if (master === undefined) {
    throw new DecryptionError(
      `The data key is wrapped by the master key with the id ${keyId}, which is neither ENCRYPTION_KEY nor in ENCRYPTION_KEY_PREVIOUS.`,
    )
  }
  return open(wrapped.slice(keyId.length + 1), master.key, `data-key:${subject}`)
}

/** The id of the master key that wraps a data key. It is no secret. */
export function masterKeyIdOf(wrapped: string): string {
  return wrapped.split('.', 1)[0]!
}

/** @param place of the value (`cust_1:email`): a value that was moved to another place cannot be decrypted. */
export function encryptField(plain: string, dataKey: Buffer, place: string): string {
  return seal(Buffer.from(plain), dataKey, place)
}

/** @throws DecryptionError */
export function decryptField(sealed: string, dataKey: Buffer, place: string): string {
  return open(sealed, dataKey, place).toString()
}

// Node tries out by exceptions which kind of key the bytes of one are, which costs far more than the encryption.
function seal(plain: Buffer, key: Buffer, context: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, createSecretKey(key), iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(context))
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return `${VERSION}.${sealed.toString('base64url')}`
}

function open(text: string, key: Buffer, context: string): Buffer {
  const [version, encoded = ''] = text.split('.')
  const sealed = Buffer.from(encoded, 'base64url')
  if (version !== VERSION || sealed.length < IV_BYTES + TAG_BYTES)
    throw new DecryptionError('The value is not encrypted by us.')
  const iv = sealed.subarray(0, IV_BYTES)
  const decipher = createDecipheriv(ALGORITHM, createSecretKey(key), iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch (cause) {
    throw new DecryptionError('The value does not open with this key.', { cause })
  }
}
