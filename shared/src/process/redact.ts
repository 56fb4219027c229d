import { pino } from 'pino'
import { maskCertain } from '../masking.ts'

/** Keys, in lower case and without separators, whose values are never logged. */
const SECRET_KEYS = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'password',
  'token',
  'secret',
  'privatekey',
  'encryptionkey',
  'apikey',
  'xapikey',
  'email',
  'name',
  'phone',
  'paymentmethod',
  'customerid',
  'amount',
])
const CENSOR = '[redacted]'
const DEPTH_MAX = 8
/** Values of one line, beyond which the rest is left out. */
const VALUES_MAX = 1_000

/** Texts in which one of these stands are searched for secrets. */
const SUSPICIOUS =
  /[@+]|:\/\/|eyJ|rdk_|sk-|PRIVATE KEY|bearer|\d[^\p{L}\p{N}]{0,3}\d[^\p{L}\p{N}]{0,3}\d[^\p{L}\p{N}]{0,3}\d/iu
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, CENSOR],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, `$1 ${CENSOR}`],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*/g, CENSOR],
  [/\brdk_\w+/g, CENSOR],
  [/\bsk-[\w-]{8,}/g, CENSOR],
  [/(:\/\/)[^\s/]+@/g, `$1${CENSOR}@`],
]

/** A text without credentials and without what is certain to be personal. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text
  return maskCertain(SECRETS.reduce((cleaned, [secret, censor]) => cleaned.replace(secret, censor), text))
}

/** A copy of one argument of a log call, without secrets and personal data, by their keys and by their values. */
export function redact(value: unknown): unknown {
  return redactValue('', value, { depth: 0, budget: { left: VALUES_MAX } })
}

type Walk = Readonly<{ depth: number; budget: { left: number } }>

function redactValue(key: string, value: unknown, walk: Walk): unknown {
  // Ids lead from one log to another; digits in them are a coincidence.
  if (typeof value === 'string') return /(?:^i|I|_i)ds?$/.test(key) ? value : redactText(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
  if (walk.depth >= DEPTH_MAX || walk.budget.left <= 0) return '[more]'
  if (value instanceof Error) return redactObject(pino.stdSerializers.err(value), walk)
  if (Array.isArray(value)) return redactItems(key, value, walk)
  if (value instanceof Set) return redactItems(key, [...value], walk)
  if (value instanceof Map) return redactObject(Object.fromEntries(value), walk)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  const { toJSON } = value as { toJSON?: unknown }
  return typeof toJSON === 'function' ? redactValue(key, toJSON.call(value), deeper(walk)) : redactObject(value, walk)
}

function redactObject(object: object, walk: Walk): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(object)) {
    if (walk.budget.left-- <= 0) break
    const value = (object as Record<string, unknown>)[key]
    copy[key] = isSecretKey(key) && value != null ? CENSOR : redactValue(key, value, deeper(walk))
  }
  return copy
}

function redactItems(key: string, items: readonly unknown[], walk: Walk): readonly unknown[] {
  const kept = items.slice(0, Math.max(0, walk.budget.left))
  walk.budget.left -= kept.length
  return kept.map((item) => redactValue(key, item, deeper(walk)))
}

const deeper = ({ depth, budget }: Walk): Walk => ({ depth: depth + 1, budget })

const knownKeys = new Map<string, boolean>()
const KNOWN_MAX = 1_000

function isSecretKey(key: string): boolean {
  const known = knownKeys.get(key)
  if (known !== undefined) return known
  const isSecret = SECRET_KEYS.has(key.toLowerCase().replace(/[^a-z]/g, ''))
  if (knownKeys.size < KNOWN_MAX) knownKeys.set(key, isSecret)
  return isSecret
}
