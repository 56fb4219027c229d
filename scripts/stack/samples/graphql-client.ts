import { setTimeout as pause } from 'node:timers/promises'
import type { ErrorCode } from '@redress/shared/error-codes.ts'

const TIMEOUT_MS = 10_000
const PATIENT_MS = 120_000
const AGAIN_AFTER_MS = 1_000
/**
 * The codes of what passes while services start, or are too busy to answer in time. CONFLICT: an attempt that was given up is
 * still at work.
 */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  'STORE_UNAVAILABLE',
  'SUBGRAPH_UNAVAILABLE',
  'RATE_LIMITED',
  'CONFLICT',
])

export type Endpoint = Readonly<{ url: string; token: string }>

/** The graph did not answer, or answered with errors, whose codes are in `codes`. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError'
  readonly codes: readonly string[]

  constructor(message: string, { codes = [], ...options }: ErrorOptions & { codes?: readonly string[] } = {}) {
    super(message, options)
    this.codes = codes
  }
}

type Answer<Data> = { data?: Data | null; errors?: readonly { message: string; extensions?: { code?: string } }[] }

/** Sends one operation and returns its data. @throws GraphqlError */
export async function callGraphql<Data>(
  { url, token }: Endpoint,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Data> {
  const { data, errors = [] } = await post<Data>(url, token, JSON.stringify({ query, variables }))
  if (errors.length > 0 || data == null) {
    const codes = errors.flatMap(({ extensions }) => extensions?.code ?? [])
    throw new GraphqlError(errors.map(({ message }) => message).join('; ') || 'The answer is empty.', { codes })
  }
  return data
}

/**
 * Like `callGraphql`, for an operation that may be sent again: it is, for up to two minutes, while a service is not
 * available. On a small machine the first requests meet services that still compile. @throws GraphqlError
 */
export async function callPatiently<Data>(...call: Parameters<typeof callGraphql>): Promise<Data> {
  const deadline = performance.now() + PATIENT_MS
  for (;;) {
    try {
      return await callGraphql<Data>(...call)
    } catch (error) {
      if (!passes(error) || performance.now() > deadline) throw error
      await pause(AGAIN_AFTER_MS)
    }
  }
}

function passes(error: unknown): boolean {
  if (!(error instanceof GraphqlError)) return false
  const { codes, cause } = error
  return codes.some((code) => PASSING.has(code)) || (cause instanceof Error && cause.name === 'TimeoutError')
}

async function post<Data>(url: string, token: string, body: string): Promise<Answer<Data>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return (await response.json()) as Answer<Data>
  } catch (cause) {
    throw new GraphqlError(`${url} does not answer.`, { cause })
  }
}
