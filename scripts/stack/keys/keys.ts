import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The keys that processes get as variables. */
export type KeySettings = Readonly<{
  ENCRYPTION_KEY: string
  /** Keys that only decrypt, with commas between them; mostly empty. */
  ENCRYPTION_KEY_PREVIOUS: string
  DOWNLOAD_KEY: string
  BLIND_INDEX_KEY: string
  INTERNAL_PRIVATE_KEY: string
  INTERNAL_PUBLIC_KEY: string
  JWT_PUBLIC_KEY_PATH: string
  /** Empty when no model is used. */
  ANTHROPIC_API_KEY: string
}>

export type Keys = Readonly<{
  settings: KeySettings
  /** Signs development tokens; null when JWT_PUBLIC_KEY_PATH is given, because its private key is not known here. */
  jwtPrivateKey: string | null
}>

type StoredKeys = Readonly<{
  encryptionKey: string
  blindIndexKey: string
  internalPrivateKey: string
  jwtPrivateKey: string
}>

const OWNER_ONLY = 0o600
const [STORED, JWT_PUBLIC] = ['keys.json', 'jwt-public.pem'] as const
/** The files of keys in a data directory. */
export const KEY_FILES: readonly string[] = [STORED, JWT_PUBLIC]

/** The keys of this installation, created at the first start. Keys of the environment take precedence. */
export function readOrCreateKeys(dataDirectory: string, environment: NodeJS.ProcessEnv): Keys {
  const stored = readOrCreateStored(join(dataDirectory, STORED))
  const privateKey = environment.INTERNAL_PRIVATE_KEY || stored.internalPrivateKey
  const givenJwtKey = environment.JWT_PUBLIC_KEY_PATH || null

  const jwtPublicKeyPath = givenJwtKey ?? join(dataDirectory, JWT_PUBLIC)
  if (givenJwtKey === null) {
    writePrivately(jwtPublicKeyPath, createPublicKey(stored.jwtPrivateKey).export({ format: 'pem', type: 'spki' }))
  }
  return {
    settings: {
      ENCRYPTION_KEY: environment.ENCRYPTION_KEY || stored.encryptionKey,
      ENCRYPTION_KEY_PREVIOUS: environment.ENCRYPTION_KEY_PREVIOUS ?? '',
      DOWNLOAD_KEY: environment.DOWNLOAD_KEY || downloadKeyOf(stored),
      BLIND_INDEX_KEY: environment.BLIND_INDEX_KEY || stored.blindIndexKey,
      INTERNAL_PRIVATE_KEY: privateKey,
      INTERNAL_PUBLIC_KEY: environment.INTERNAL_PUBLIC_KEY || publicKeyOf(privateKey),
      JWT_PUBLIC_KEY_PATH: jwtPublicKeyPath,
      ANTHROPIC_API_KEY: environment.ANTHROPIC_API_KEY ?? '',
    },
    jwtPrivateKey: givenJwtKey === null ? stored.jwtPrivateKey : null,
  }
}

function readOrCreateStored(file: string): StoredKeys {
  if (existsSync(file)) {
    chmodSync(file, OWNER_ONLY)
    const known = JSON.parse(readFileSync(file, 'utf8')) as Omit<StoredKeys, 'blindIndexKey'> & Partial<StoredKeys>
    return known.blindIndexKey === undefined
      ? store(file, { ...known, blindIndexKey: createKey() }) // Of an installation that is older than this key.
      : { ...known, blindIndexKey: known.blindIndexKey }
  }
  const internal = generateKeyPairSync('ed25519')
  const jwt = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return store(file, {
    encryptionKey: createKey(),
    blindIndexKey: createKey(),
    internalPrivateKey: internal.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    jwtPrivateKey: jwt.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  })
}

const createKey = () => randomBytes(32).toString('hex')

function store(file: string, keys: StoredKeys): StoredKeys {
  writePrivately(file, `${JSON.stringify(keys, null, 2)}\n`)
  return keys
}

/** Derived, so that an installation whose file of keys is older has one as well. */
function downloadKeyOf({ encryptionKey }: StoredKeys): string {
  const derived = hkdfSync('sha256', Buffer.from(encryptionKey, 'hex'), '', 'redress DOWNLOAD_KEY', 32)
  return Buffer.from(derived).toString('hex')
}

function publicKeyOf(privateKey: string): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
}

/** Writes a file atomically, readable by its owner only: encrypted data would be lost with a half-written key. */
export function writePrivately(file: string, content: string | Buffer): void {
  const unfinished = `${file}.new`
  writeFileSync(unfinished, content, { mode: OWNER_ONLY, flush: true })
  renameSync(unfinished, file)
}
