import { ERROR_CODES } from '@redress/shared/error-codes.ts'
import { AppError } from '@redress/shared/errors.ts'
import { type BreakerState, createBreaker } from '@redress/shared/resilience/breaker.ts'
import { type Type, type } from 'arktype'
import { IssuesRefusedError, IssuesUnavailableError } from '../errors.ts'
import type { Attempt } from '../use-cases/ports.ts'

/** So many failures within a minute, and the issues subgraph is left alone for a while. */
const BREAKER = { failuresMax: 20, openMs: 5_000 }

export type IssuesClient = Readonly<{
  /**
   * Asks in the name of the caller. `Data` is what the answer must look like.
   * @throws IssuesUnavailableError, IssuesRefusedError
   */
  ask<Data extends Type>(
    question: Readonly<{ query: string; variables: object; Data: Data }>,
    attempt: Attempt,
  ): Promise<Data['infer']>
  close: () => void
}>

type Options = Readonly<{
  /** Of the subgraph, without `/graphql`. */
  url: string
  onBreaker: (state: BreakerState) => void
}>

/** The issues subgraph over HTTP, behind a circuit breaker. How long an answer may take is said by who asks. */
export function createIssuesClient({ url, onBreaker }: Options): IssuesClient {
  const endpoint = new URL('/graphql', url)
  const breaker = createBreaker({
    ...BREAKER,
    isFailure: (error) => error instanceof IssuesUnavailableError,
    onChange: onBreaker,
  })

  return {
    async ask({ query, variables, Data }, attempt) {
      const answer = await breaker.run(() => post(endpoint, { query, variables }, attempt)).catch(toOurs)
      const data: unknown = Data(answer)
      if (data instanceof type.errors) throw new IssuesUnavailableError('answered in another shape')
      return data
    },
    close: breaker.close,
  }
}

/** An error that is no AppError comes from the breaker itself: it is open. */
function toOurs(cause: unknown): never {
  throw cause instanceof AppError ? cause : new IssuesUnavailableError('is left alone for a while', { cause })
}

const Answer = type({ 'data?': 'object | null', 'errors?': type({ 'extensions?': { 'code?': 'string' } }).array() })

/** Refusals that are about the subgraph's state and may pass. */
const PASSING: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'CONFLICT'])

async function post(endpoint: URL, body: object, { caller, signal }: Attempt): Promise<object | null | undefined> {
  const answer = Answer(await send(endpoint, body, { caller, signal }))
  if (answer instanceof type.errors) throw new IssuesUnavailableError('answered in another shape')
  const [error] = answer.errors ?? []
  if (!error) return answer.data

  const code = ERROR_CODES.find((known) => known === error.extensions?.code)
  if (code === undefined || PASSING.has(code)) throw new IssuesUnavailableError(`failed with ${code ?? 'no code'}`)
  throw new IssuesRefusedError(code)
}

async function send(endpoint: URL, body: object, { caller, signal }: Attempt): Promise<unknown> {
  const { token, requestId, ip, trace } = caller
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    'x-request-id': requestId,
    ...(ip !== null && { 'x-client-ip': ip }),
    ...(trace && { traceparent: trace }),
  }
  try {
    const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body), signal })
    return await response.json()
  } catch (cause) {
    throw new IssuesUnavailableError('did not answer', { cause })
  }
}
