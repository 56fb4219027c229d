import { type Type, type } from 'arktype'
import { ConfigError, EX_CONFIG } from './config-error.ts'

/**
 * Checks the environment against `Environment`. An empty variable counts as not set.
 * @throws ConfigError with one line per variable that is missing or out of range.
 */
export function readEnvironment<T extends Type>(Environment: T, environment: NodeJS.ProcessEnv): T['infer'] {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const checked: unknown = Environment(given)
  if (!(checked instanceof type.errors)) return checked as T['infer']

  // `expected` names the rule; `message` would repeat the value, which may be a password.
  throw new ConfigError([...checked].map(({ path, expected }) => `${path.join('.')} must be ${expected}`))
}

/** Runs `read`. On a ConfigError, prints the problems and ends the process before anything is opened. */
export function configOrExit<T>(read: (environment: NodeJS.ProcessEnv) => T): T {
  try {
    return read(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EX_CONFIG)
  }
}
