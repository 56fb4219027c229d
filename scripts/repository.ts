import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** A path given from the root of the repository, as a full one. */
export const fromRoot = (path: string): string => resolve(ROOT, path)
