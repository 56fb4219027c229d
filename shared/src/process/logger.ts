import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * Paths that are always removed from log lines. Defence in depth: log objects are built from
 * allow-lists in the first place, and pino's wildcard reaches one level only.
 */
const SECRETS = [
  'authorization',
  'password',
  'token',
  'secret',
  'email',
  'name',
  'phone',
  'paymentMethod',
  'encryptionKey',
  'apiKey',
  'customerId',
  'amount',
]

/** The logger of a process, created once at its start and passed on. JSON lines on stdout. */
export function createLogger(service: string, { level }: { level: string }): Logger {
  return pino({
    level,
    base: { service },
    redact: { paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
  })
}
