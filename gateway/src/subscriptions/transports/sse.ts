import type { IncomingMessage, ServerResponse } from 'node:http'
import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Authenticate } from '../../access/authenticate.ts'
import type { Caller } from '../../access/caller.ts'
import { credentialsIn } from '../../access/credentials.ts'
import { networkOf } from '../../access/failed-attempts.ts'
import type { ClientAddress } from '../../access/guards/client-address.ts'
import { type End, toEnd, toErrors } from '../end-reasons.ts'
import { StoppingError, TooManySubscriptionsError } from '../errors.ts'
import type { OpenSubscription } from '../fan-out/open-subscription.ts'
import { type Sink, whenDrained } from '../fan-out/sink.ts'
import { CLOSING_MS, PING_EVERY_MS } from '../limits.ts'
import type { GraphqlRequest } from '../prepared-subscription.ts'
import type { Subscriptions } from '../subscriptions.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { OperationKind } from './operation-kind.ts'
import { readRequest, requireEventStream } from './sse-request.ts'
import { createTally } from './tally.ts'

export type SseTransportOptions = Readonly<{
  subscriptions: Subscriptions
  authenticate: Authenticate
  operationKind: OperationKind
  clientAddress: ClientAddress
  pingEveryMs?: number
  logger: Logger
}>

export type SseTransport = Readonly<{
  /** Answers one request with a stream of events. @throws AppError before anything was sent. */
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
 * GraphQL over server-sent events: graphql-sse in distinct connections mode, one operation per request. Errors of the
 * operation are sent as an event; those of authentication and of the request's form are answered by the HTTP status.
 */
export function createSseTransport(options: SseTransportOptions): SseTransport {
  const { authenticate, operationKind, clientAddress } = options
  const streams = createStreams(options.pingEveryMs)
  const { socketsPerAddressMax } = options.subscriptions.limits
  const addresses = createTally(socketsPerAddressMax)
  let isClosing = false

  return {
    async handle({ request, response }) {
      if (isClosing) throw new StoppingError()
      requireEventStream(request)
      const clientIp = clientAddress(request)
      const caller = await authenticate(credentialsIn(request), clientIp)
      const operation = { ...(await readRequest(request)), clientIp }
      if (request.method === 'GET' && operationKind(operation) === 'mutation') {
        throw new BadUserInputError(['query'], 'is a mutation, which is sent by POST')
      }
      if (response.destroyed) return

      const network = networkOf(clientIp)
      if (!addresses.hasRoom(network)) throw new TooManySubscriptionsError('address', socketsPerAddressMax)
      addresses.add(network)
      streams.begin(response)
      const opened = openOperation(options, operation, caller, response)
      response.once('close', () => {
        streams.remove(response)
        addresses.remove(network)
        opened.close()
      })
    },
    async close() {
      isClosing = true
      await streams.untilClosed()
    },
  }
}

/** The open responses, with the comments that keep them alive. */
function createStreams(pingEveryMs = PING_EVERY_MS) {
  const open = new Set<ServerResponse>()
  const heartbeat = createHeartbeat<ServerResponse>(pingEveryMs, (response) => response.write(COMMENT))
  return {
    begin(response: ServerResponse) {
      open.add(response)
      heartbeat.add(response)
      // Writing to a client that has just gone is an error of the response; 'close' follows in any case.
      response.on('error', () => {})
      response.writeHead(200, HEADERS)
      // Headers alone may be held back until the first event, but a client waits for them to know that it is connected.
      response.write(COMMENT)
    },
    remove(response: ServerResponse) {
      open.delete(response)
      heartbeat.remove(response)
    },
    untilClosed: () => Promise.all([...open].map(untilClosed)),
  }
}

function openOperation(
  { subscriptions, operationKind, logger }: SseTransportOptions,
  request: GraphqlRequest,
  caller: Caller,
  response: ServerResponse,
): OpenSubscription {
  const sink = createSink(response)
  if (operationKind(request) === 'subscription') return subscriptions.open(request, caller, sink)
  subscriptions.runOnce(request, caller).then(
    (text) => response.end(toEvent(text) + COMPLETE),
    (error) => sink.end(toEnd(error, logger)),
  )
  return { close: () => {} }
}

function createSink(response: ServerResponse): Sink {
  return {
    next: (text) => response.write(toEvent(text)),
    end: (why: End) => {
      response.end(toEvent(JSON.stringify({ errors: toErrors(why) })) + COMPLETE)
      void untilClosed(response)
    },
    bufferedBytes: () => response.writableLength,
    whenDrained: (callback) => whenDrained(response, callback),
  }
}

/** @param text one line. */
function toEvent(text: string): string {
  return `event: next\ndata: ${text}\n\n`
}

/** Resolves when the client has read the end; after CLOSING_MS the connection is destroyed. */
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
