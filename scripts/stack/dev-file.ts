import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DevTokens } from './keys/dev-tokens.ts'
import { writePrivately } from './keys/keys.ts'

/** Where a running stack is and how to get in: for `npm run demo` and for tools of yours. */
export type DevFile = Readonly<{ graphql: string; tokens: DevTokens | Record<string, never> }>

const fileIn = (dataDirectory: string) => join(dataDirectory, 'dev.json')

export function writeDevFile(dataDirectory: string, { graphql, tokens }: DevFile): void {
  writePrivately(fileIn(dataDirectory), `${JSON.stringify({ graphql, tokens })}\n`)
}

/** While a stack is starting, there must be no file that says it is ready. */
export function removeDevFile(dataDirectory: string): void {
  rmSync(fileIn(dataDirectory), { force: true })
}

export function findDevFile(dataDirectory: string): DevFile | null {
  try {
    return JSON.parse(readFileSync(fileIn(dataDirectory), 'utf8')) as DevFile
  } catch {
    return null
  }
}
