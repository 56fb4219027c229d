import { type Logger, pino } from 'pino'
import { redact } from './redact.ts'

export type { Logger }

/** The logger of a process, created once at its start and passed on. JSON lines on stdout, without secrets and personal data. */
export function createLogger(service: string, { level }: { level: string }): Logger {
  return pino({
    level,
    base: { service },
    hooks: {
      logMethod(given, log) {
        const [first, ...rest] = given as unknown[]
        // pino would take the message of an error as it is.
        const named = first instanceof Error ? [{ err: first }, rest[0] ?? first.message, ...rest.slice(1)] : given
        log.apply(this, (named as unknown[]).map(redact) as Parameters<typeof log>)
      },
    },
    // Errors are plain objects by now, which pino would take for errors of the type Object.
    serializers: { err: (err: unknown) => err },
  })
}
