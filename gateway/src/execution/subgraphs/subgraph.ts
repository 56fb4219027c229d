import { Cancellation } from '../cancellation.ts'
import { ANSWER_BYTES_MAX } from './decode-body.ts'
import { ConnectionPool } from './http/connection-pool.ts'
import { type RawAnswer, sendRequest } from './send-request.ts'

/** Each call uses a connection of its own; calls beyond this number wait for one, within their deadline. */
const CONNECTIONS_MAX = 128
/** Well below the usual deadline of a call, so that a read can be sent over another connection. */
const CONNECT_MS = 2_000
/** Shorter than the subgraphs keep theirs, so that the gateway never writes into a connection that is being closed. */
const KEEP_ALIVE_MS = 30_000

/** The address of a subgraph, with the connections to it. */
export type Subgraph = Readonly<{
  name: string
  pool: ConnectionPool
  /** The head of an operation's request as far as it is the same for all; further headers and the length follow. */
  operationHead: string
  /** The head of the request for its readiness; null for a subgraph that is not ours. */
  readinessHead: string | null
}>

/**
 * Opens connections to a subgraph when they are first needed.
 * @param url the address in the supergraph.
 * @param service the base URL of a service of Redress, which takes precedence.
 */
export function openSubgraph(name: string, url: string, service: string | undefined): Subgraph {
  const address = new URL(service ?? url)
  const { pathname, search } = address
  const base = pathname.replace(/\/+$/, '')
  const isOurs = service !== undefined
  return {
    name,
    pool: new ConnectionPool({
      url: address,
      answerBytesMax: ANSWER_BYTES_MAX,
      connectMs: CONNECT_MS,
      connectionsMax: CONNECTIONS_MAX,
      keepAliveMs: KEEP_ALIVE_MS,
    }),
    operationHead: headOf('POST', isOurs ? `${base}/graphql` : pathname + search, address),
    readinessHead: isOurs ? headOf('GET', `${base}/health/ready`, address) : null,
  }
}

/** Without `accept-encoding` a server may compress, which costs both sides more than it saves between them. */
function headOf(method: string, path: string, { host }: URL): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    'connection: keep-alive',
    'content-type: application/json',
    'accept: application/json',
    'accept-encoding: identity',
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

/** Whether a subgraph reports within `timeoutMs` that it is ready; null for one without readiness check. */
export async function readReadiness({ pool, readinessHead }: Subgraph, timeoutMs: number): Promise<boolean | null> {
  if (readinessHead === null) return null
  try {
    const { status } = await send(pool, { head: readinessHead, body: '', timeoutMs })
    return status === 200
  } catch {
    return false
  }
}

/** Sends an operation of the gateway itself. @param token the internal token. @throws if the subgraph does not answer. */
export function postOperation(
  { pool, operationHead }: Subgraph,
  { body, token, timeoutMs }: Readonly<{ body: string; token: string; timeoutMs: number }>,
): Promise<RawAnswer> {
  return send(pool, { head: `${operationHead}authorization: Bearer ${token}\r\n`, body, timeoutMs })
}

function send(pool: ConnectionPool, request: Readonly<{ head: string; body: string; timeoutMs: number }>) {
  return sendRequest(pool, { ...request, cancellation: new Cancellation() })
}
