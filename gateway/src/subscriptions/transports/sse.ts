import type { IncomingMessage, ServerResponse } from 'node:http'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { headerOf, parseJson, readBody } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { type End, toEnd, toErrors } from '../end-reasons.ts'
import { StoppingError } from '../errors.ts'
import type { OpenSubscription } from '../fan-out/open-subscription.ts'
import type { Sink } from '../fan-out/subscriber.ts'
import { CLOSING_MS, MESSAGE_BYTES_MAX, PING_EVERY_MS } from '../limits.ts'
import type { Authenticate, Caller, GraphqlRequest } from '../prepared-subscription.ts'
import type { Subscriptions } from '../subscriptions.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { OperationKind } from './operation-kind.ts'
import { readRequest } from './websocket-messages.ts'
import { whenTaken } from './when-taken.ts'

export type SseDoorOptions = Readonly<{
  subscriptions: Subscriptions
  authenticate: Authenticate
  operationKind: OperationKind
  clientIpOf: (request: IncomingMessage) => string
  pingEveryMs?: number
  logger: Logger
}>

export type SseDoor = Readonly<{
  /** Answers one request with a stream of events. @throws AppError as long as nothing was answered. */
  handle: (exchange: Readonly<{ request: IncomingMessage; response: ServerResponse }>) => Promise<void>
  /** Waits until all streams have ended. Call it after the subscriptions were closed, and before the server. */
  close: () => Promise<void>
}>

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const
const COMMENT = ':\n\n'
const COMPLETE = 'event: complete\ndata:\n\n'

/**
 * GraphQL over server-sent events: graphql-sse in its mode of distinct connections, one operation a request. What
 * GraphQL has against a request comes as an event; who asks and whether the request has a shape is said by the status.
 */
export function createSseDoor(options: SseDoorOptions): SseDoor {
  const { subscriptions, authenticate, operationKind, clientIpOf, pingEveryMs = PING_EVERY_MS, logger } = options
  const open = new Set<ServerResponse>()
  const heartbeat = createHeartbeat<ServerResponse>(pingEveryMs, (response) => response.write(COMMENT))
  let isClosing = false

  const begin = (response: ServerResponse) => {
    open.add(response)
    heartbeat.add(response)
    // What is written to a client that has just gone is an error of the response; its end is noticed anyway.
    response.on('error', () => {})
    response.writeHead(200, HEADERS)
    // Headers alone may wait for the first event; a client wants to know that it is connected.
    response.write(COMMENT)
  }

  const carry = (request: GraphqlRequest, caller: Caller, response: ServerResponse): OpenSubscription => {
    const sink = createSink(response)
    if (operationKind(request) === 'subscription') return subscriptions.open(request, caller, sink)
    subscriptions.runOnce(request, caller).then(
      (text) => response.end(toEvent(text) + COMPLETE),
      (error) => sink.end(toEnd(error, logger)),
    )
    return { close: () => {} }
  }

  return {
    async handle({ request, response }) {
      if (isClosing) throw new StoppingError()
      demandStream(request)
      const credentials = { authorization: headerOf(request, 'authorization'), apiKey: headerOf(request, 'x-api-key') }
      const caller = await authenticate(credentials, clientIpOf(request))
      const operation = { ...(await readOperation(request)), clientIp: clientIpOf(request) }
      if (request.method === 'GET' && operationKind(operation) === 'mutation') {
        throw new BadUserInputError(['query'], 'is a mutation, which is sent by POST')
      }
      if (response.destroyed) return

      begin(response)
      const carried = carry(operation, caller, response)
      response.once('close', () => {
        open.delete(response)
        heartbeat.remove(response)
        carried.close()
      })
    },
    async close() {
      isClosing = true
      await Promise.all([...open].map(untilClosed))
    },
  }
}

function createSink(response: ServerResponse): Sink {
  return {
    next: (text) => response.write(toEvent(text)),
    end: (why: End) => {
      response.end(toEvent(JSON.stringify({ errors: toErrors(why) })) + COMPLETE)
      void untilClosed(response)
    },
    bufferedBytes: () => response.writableLength,
    whenTaken: (callback) => whenTaken(response, callback),
  }
}

/** The text of a result is one line. */
function toEvent(text: string): string {
  return `event: next\ndata: ${text}\n\n`
}

/** Who does not take the end in CLOSING_MS is cut off. */
function untilClosed(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.writableFinished) return Promise.resolve()
  return new Promise((closed) => {
    const timer = setTimeout(() => response.destroy(), CLOSING_MS)
    response.once('close', () => {
      clearTimeout(timer)
      closed()
    })
  })
}

function demandStream({ headers: { accept } }: IncomingMessage): void {
  if (accept === undefined || /text\/event-stream|text\/\*|\*\/\*/.test(accept)) return
  throw new BadUserInputError(['accept'], 'must allow text/event-stream')
}

/** @throws BadUserInputError, BodyTooLargeError */
async function readOperation(request: IncomingMessage): Promise<GraphqlRequest> {
  const given = request.method === 'POST' ? parseJson(await readBody(request, MESSAGE_BYTES_MAX)) : readSearch(request)
  const operation = readRequest(given)
  if (operation === null) throw new BadUserInputError(['body'], 'is not a GraphQL request')
  return operation
}

function readSearch({ url = '' }: IncomingMessage): unknown {
  const search = new URLSearchParams(url.split('?')[1] ?? '')
  const jsonOf = (name: string) => {
    const value = search.get(name)
    return value === null ? null : parseJson(Buffer.from(value))
  }
  return {
    query: search.get('query'),
    operationName: search.get('operationName'),
    variables: jsonOf('variables'),
    extensions: jsonOf('extensions'),
  }
}
