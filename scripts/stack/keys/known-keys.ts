import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findDevFile } from '../dev-file.ts'
import { StackError } from '../failure.ts'
import { dataDirectoryOf } from '../settings.ts'
import { KEY_FILES, readOrCreateKeys } from './keys.ts'

/** The environment with the keys that npm start has made, if it has; those that are given take precedence. */
export function withKnownKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dataDirectory = dataDirectoryOf(environment)
  const hasKeys = KEY_FILES.every((file) => existsSync(join(dataDirectory, file)))
  return hasKeys ? { ...environment, ...readOrCreateKeys(dataDirectory, environment).settings } : environment
}

/**
 * The same with the database of the npm start that runs here, where none is given.
 * @throws StackError without a database.
 */
export function withDatabase(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const uri = environment.MONGODB_URI ?? findDevFile(dataDirectoryOf(environment))?.mongodb
  if (uri === undefined)
    throw new StackError('Redress is not running here. Start it with npm start, or set MONGODB_URI.')
  return { ...withKnownKeys(environment), MONGODB_URI: uri }
}
