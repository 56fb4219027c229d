import { readEnvironment } from '@redress/shared/process/config.ts'
import { ServiceEnvironment, toServiceConfig } from '@redress/shared/process/service-environment.ts'
import { type } from 'arktype'

const HOURS_MAX = 8_760

/** Four whole numbers, from the most urgent priority to the least. */
const DueHoursText = type('string').pipe((text, context) => {
  const hours = text.split(',').map(Number)
  const [CRITICAL = 0, HIGH = 0, NORMAL = 0, LOW = 0] = hours
  const isFine = hours.length === 4 && hours.every((one) => Number.isInteger(one) && one >= 1 && one <= HOURS_MAX)
  return isFine
    ? { CRITICAL, HIGH, NORMAL, LOW }
    : context.error(`four whole numbers of hours, 1 to ${HOURS_MAX}, as 4,24,72,168`)
})

const PREVIOUS_KEYS_MAX = 10

/** Keys with commas between them. */
const PreviousKeysText = type('string').pipe((text, context) => {
  const keys = text === '' ? [] : text.split(',').map((key) => key.trim())
  const isFine = keys.length <= PREVIOUS_KEYS_MAX && keys.every((key) => /^[0-9a-fA-F]{64}$/.test(key))
  return isFine
    ? keys
    : context.error(`at most ${PREVIOUS_KEYS_MAX} keys of 64 hexadecimal digits, with commas between them`)
})

const DatabaseEnvironment = ServiceEnvironment.pick('MONGODB_URI').merge({
  ISSUES_DATABASE: "string > 0 = 'redress_issues'",
  ENCRYPTION_KEY: /^[0-9a-fA-F]{64}$/,
  ENCRYPTION_KEY_PREVIOUS: PreviousKeysText.default(''),
  BLIND_INDEX_KEY: /^[0-9a-fA-F]{64}$/,
})

const Environment = ServiceEnvironment.merge(DatabaseEnvironment).merge({
  ISSUES_PORT: "string.integer.parse |> 0 <= number <= 65535 = '4001'",
  INTERNAL_PUBLIC_KEY: 'string > 0',
  STUCK_AFTER_MS: "string.integer.parse |> 1000 <= number <= 86400000 = '300000'",
  ISSUE_DUE_HOURS: DueHoursText.default('4,24,72,168'),
})

/** The configuration of a program that only works on the database. */
export function readDatabaseConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(DatabaseEnvironment, environment)
  return { uri: env.MONGODB_URI, database: env.ISSUES_DATABASE, keys: toKeys(env) }
}

const toKeys = (env: typeof DatabaseEnvironment.infer) => ({
  encryptionKey: env.ENCRYPTION_KEY,
  previousEncryptionKeys: env.ENCRYPTION_KEY_PREVIOUS,
  blindIndexKey: env.BLIND_INDEX_KEY,
})

export function readConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(Environment, environment)
  return {
    ...toServiceConfig(env),
    port: env.ISSUES_PORT,
    stuckAfterMs: env.STUCK_AFTER_MS,
    dueHours: env.ISSUE_DUE_HOURS,
    database: env.ISSUES_DATABASE,
    internalPublicKey: env.INTERNAL_PUBLIC_KEY,
    keys: toKeys(env),
  }
}
