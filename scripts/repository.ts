import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The absolute path of a path given from the root of the repository. */
export const fromRoot = (path: string): string => resolve(ROOT, path)
