import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * Paths that never reach a log line, whoever passes them. Defence in depth: log objects are built from
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

/** One logger per process, made in its main file and handed on. JSON lines on stdout. */
export function createLogger(service: string, { level }: { level: string }): Logger {
  return pino({
    level,
    base: { service },
    redact: { paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
  })
}
