import { join } from 'node:path'
import type { KeySettings } from '../keys/keys.ts'
import type { ProcessRow } from './process-table.ts'

export type Settings = Readonly<{
  dataDirectory: string
  logLevel: string
  /** What the person who started us has set. */
  given: NodeJS.ProcessEnv
  secrets: Readonly<KeySettings & { DEV_TOKEN: string }>
}>

/** The whole configuration of one process: what was given, without the secrets that are not its own. */
export function environmentOf(
  row: ProcessRow,
  settings: Settings,
  { port, addresses }: { port: number; addresses: Readonly<Record<string, string>> },
): NodeJS.ProcessEnv {
  const { dataDirectory, logLevel, given, secrets } = settings
  const withoutSecrets = Object.entries(given).filter(([name]) => !(name in secrets))
  return {
    NODE_ENV: 'development',
    // Whoever tries things out is not to be slowed down; what is given stands above.
    RATE_LIMIT_MAX: '10000',
    // Compiled code is kept, so that the second start is a fast one.
    NODE_COMPILE_CACHE: join(dataDirectory, 'compile-cache'),
    DEVDB_PATH: join(dataDirectory, 'devdb.sqlite'),
    ...Object.fromEntries(withoutSecrets),
    LOG_LEVEL: logLevel,
    HOST: '127.0.0.1',
    ...addresses,
    ...Object.fromEntries(row.secrets.map((name) => [name, secrets[name]])),
    [row.portVariable]: String(port),
  }
}
