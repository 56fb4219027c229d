import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dataDirectoryOf } from '../settings.ts'
import { KEY_FILES, readOrCreateKeys } from './keys.ts'

/** The environment with the keys that npm start has made, if it has; those that are given take precedence. */
export function withKnownKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dataDirectory = dataDirectoryOf(environment)
  const hasKeys = KEY_FILES.every((file) => existsSync(join(dataDirectory, file)))
  return hasKeys ? { ...environment, ...readOrCreateKeys(dataDirectory, environment).settings } : environment
}
