import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DevTokens } from './keys/dev-tokens.ts'
import { writePrivately } from './keys/keys.ts'

/** The addresses and the tokens of a running stack, for `npm run demo` and other tools. */
export type DevFile = Readonly<{ graphql: string; mongodb: string; tokens: DevTokens | Record<string, never> }>

/** The header of a request as operator, for `curl -H @<file>`. */
export const operatorHeaderIn = (dataDirectory: string) => join(dataDirectory, 'operator.header')

const fileIn = (dataDirectory: string) => join(dataDirectory, 'dev.json')

export function writeDevFile(dataDirectory: string, { graphql, mongodb, tokens }: DevFile): void {
  writePrivately(fileIn(dataDirectory), `${JSON.stringify({ graphql, mongodb, tokens })}\n`)
  if (tokens.operator) writePrivately(operatorHeaderIn(dataDirectory), `authorization: Bearer ${tokens.operator}\n`)
}

/** Called when a stack starts, so that the file exists only while the stack is ready. */
export function removeDevFile(dataDirectory: string): void {
  for (const file of [fileIn(dataDirectory), operatorHeaderIn(dataDirectory)]) rmSync(file, { force: true })
}

export function findDevFile(dataDirectory: string): DevFile | null {
  try {
    return JSON.parse(readFileSync(fileIn(dataDirectory), 'utf8')) as DevFile
  } catch {
    return null
  }
}
