import { join } from 'node:path'
import type { KeySettings } from '../keys/keys.ts'
import type { ProcessRow } from './process-table.ts'

export type Settings = Readonly<{
  dataDirectory: string
  logLevel: string
  /** The variables of the shell and of `.env`. */
  given: NodeJS.ProcessEnv
  secrets: Readonly<KeySettings & { PLAYGROUND_CODE: string }>
}>

/**
 * Whether tokens, samples and the playground are for everyone who can reach this machine to try: not on a database of
 * yours, unless NODE_ENV says so.
 */
export function isDevelopment({ NODE_ENV, MONGODB_URI }: NodeJS.ProcessEnv): boolean {
  return NODE_ENV === undefined ? MONGODB_URI === undefined : NODE_ENV !== 'production'
}

/** The environment of one process: the given variables, without the secrets of other processes. */
export function environmentOf(
  row: ProcessRow,
  settings: Settings,
  { port, addresses }: { port: number; addresses: Readonly<Record<string, string>> },
): NodeJS.ProcessEnv {
  const { dataDirectory, logLevel, given, secrets } = settings
  const withoutSecrets = Object.entries(given).filter(([name]) => !(name in secrets))
  return {
    NODE_ENV: isDevelopment(given) ? 'development' : 'production',
    // High enough for trials on one machine; a given value takes precedence.
    RATE_LIMIT_MAX: '10000',
    // Keeps compiled code, so that later starts are faster.
    NODE_COMPILE_CACHE: join(dataDirectory, 'compile-cache'),
    DEVDB_PATH: join(dataDirectory, 'devdb.sqlite'),
    ...Object.fromEntries(withoutSecrets),
    ...row.environment,
    LOG_LEVEL: logLevel,
    HOST: '127.0.0.1',
    ...addresses,
    ...Object.fromEntries(row.secrets.map((name) => [name, secrets[name]])),
    [row.portVariable]: String(port),
  }
}
