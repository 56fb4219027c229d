import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Stack, type StackOptions, startStack } from '../../scripts/stack/stack.ts'

export type Role = 'admin' | 'reviewer' | 'operator' | 'read_only'
export type Answer = {
  // A test knows what it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the query
  data?: any
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string } & Record<string, unknown> }[]
}
export type System = Readonly<{
  stack: Stack
  dataDirectory: string
  /** Asks as one of the development roles, or as nobody. */
  ask: (role: Role | null, query: string, variables?: object) => Promise<Answer>
  stop: () => Promise<void>
}>

/** A directory for the data of a system, removed at the end of the calling test file. */
export function createDataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'redress-e2e-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** The whole of Redress, with real processes and stores. */
export async function startSystem(
  options: Pick<StackOptions, 'dataDirectory'> & Partial<StackOptions>,
): Promise<System> {
  const stack = await startStack({
    gatewayPort: 0,
    logLevel: 'warn',
    readyMs: 240_000,
    ...options,
    environment: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      // A service that was killed is asked again soon, so that tests need not wait for it.
      BREAKER_OPEN_MS: '500',
      // And one that is busy is not late.
      SUBGRAPH_TIMEOUT_MS: '30000',
      REQUEST_TIMEOUT_MS: '60000',
      ...options.environment,
    },
  })
  return {
    stack,
    dataDirectory: options.dataDirectory,
    async ask(role, query, variables = {}) {
      const token = role && stack.tokens?.[role]
      const response = await fetch(stack.graphql, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify({ query, variables }),
      })
      return (await response.json()) as Answer
    },
    stop: stack.stop,
  }
}

export const CREATE = `mutation Create($input: CreateIssueInput!) {
  createIssue(input: $input) { issue { id type status version } }
}`

/** An input that is accepted, with a key of its own. */
export function declineInput(change: object = {}) {
  return {
    idempotencyKey: randomUUID(),
    customerId: 'cust_042',
    transactionId: 'txn_5521',
    details: { decline: { errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 } },
    ...change,
  }
}
