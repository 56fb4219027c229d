import type { Duplex } from 'node:stream'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { WebSocket } from 'ws'
import type { Caller } from '../../access/caller.ts'
import { type End, toEnd, toErrors } from '../end-reasons.ts'
import { SlowReaderError, StoppingError, TooManySubscriptionsError } from '../errors.ts'
import type { OpenSubscription } from '../fan-out/open-subscription.ts'
import { type Sink, whenDrained } from '../fan-out/sink.ts'
import type { GraphqlRequest } from '../prepared-subscription.ts'
import type { Subscriptions } from '../subscriptions.ts'
import type { OperationKind } from './operation-kind.ts'
import { AS_TEXT, CLOSE, isOpen, send, toCloseReason } from './websocket-messages.ts'

type Options = Readonly<{
  socket: WebSocket
  /** The stream below the socket, for its backpressure. */
  stream: Duplex
  subscriptions: Subscriptions
  operationKind: OperationKind
  logger: Logger
}>

/** The operations of one socket, by the ids that the client chose. */
export type SocketOperations = Readonly<{
  open: (id: string, request: GraphqlRequest, caller: Caller) => void
  close: (id: string) => void
  closeAll: () => void
}>

type Running = Options & Readonly<{ running: Map<string, OpenSubscription> }>

export function createSocketOperations(options: Options): SocketOperations {
  const running = new Map<string, OpenSubscription>()
  const connection: Running = { ...options, running }
  return {
    open: (id, request, caller) => openOperation(connection, id, request, caller),
    close(id) {
      running.get(id)?.close()
      running.delete(id)
    },
    closeAll() {
      for (const { close } of running.values()) close()
      running.clear()
    },
  }
}

function openOperation(connection: Running, id: string, request: GraphqlRequest, caller: Caller) {
  const { socket, running, subscriptions, operationKind } = connection
  const { subscriptionsPerSocketMax } = subscriptions.limits
  if (running.has(id)) {
    const reason = toCloseReason(`Subscriber for ${id} already exists`, 'Subscriber already exists')
    return socket.close(CLOSE.subscriberExists, reason)
  }
  if (running.size >= subscriptionsPerSocketMax) {
    const tooMany = new TooManySubscriptionsError('socket', subscriptionsPerSocketMax)
    return send(socket, { id, type: 'error', payload: toErrors(tooMany) })
  }
  const isLive = operationKind(request) === 'subscription'
  const operation = isLive
    ? subscriptions.open(request, caller, createSink(connection, id))
    : runOnce(connection, id, request, caller)
  running.set(id, operation)
}

function createSink(connection: Running, id: string): Sink {
  const { socket, stream } = connection
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  return {
    next: (text) => socket.send(`${head}${text}}`, AS_TEXT),
    end: (why) => end(connection, id, why),
    bufferedBytes: () => socket.bufferedAmount,
    whenDrained: (callback) => whenDrained(stream, callback),
  }
}

function end({ socket, running }: Running, id: string, why: End): void {
  if (!running.delete(id)) return
  // When the gateway stops, the transport closes the socket with 1001 for all of its operations.
  if (why instanceof StoppingError || !isOpen(socket)) return
  send(socket, { id, type: 'error', payload: toErrors(why) })
  if (why instanceof SlowReaderError) {
    socket.close(CLOSE.tooMuch, toCloseReason(`${why.code} ${why.facts.cursor ?? ''}`.trim(), why.code))
  }
  if (why instanceof UnauthenticatedError) socket.close(CLOSE.forbidden, why.code)
}

function runOnce(connection: Running, id: string, request: GraphqlRequest, caller: Caller): OpenSubscription {
  const { socket, running, subscriptions, logger } = connection
  // The client may complete it before it is answered, and use the id for another operation.
  const operation = { close: () => {} }
  const isWanted = () => running.get(id) === operation && isOpen(socket)
  subscriptions.runOnce(request, caller).then(
    (text) => {
      if (!isWanted()) return
      createSink(connection, id).next(text)
      send(socket, { id, type: 'complete' })
      running.delete(id)
    },
    (error) => isWanted() && end(connection, id, toEnd(error, logger)),
  )
  return operation
}
