import type { Duplex } from 'node:stream'
import { AppError, UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { RawData, WebSocket } from 'ws'
import { type End, toEnd, toErrors } from '../end-reasons.ts'
import { SlowReaderError, StoppingError, TooManySubscriptionsError } from '../errors.ts'
import type { OpenSubscription } from '../fan-out/open-subscription.ts'
import type { Sink } from '../fan-out/subscriber.ts'
import { INIT_TIMEOUT_MS } from '../limits.ts'
import type { Authenticate, Caller, Credentials, GraphqlRequest } from '../prepared-subscription.ts'
import type { Subscriptions } from '../subscriptions.ts'
import type { OperationKind } from './operation-kind.ts'
import { CLOSE, credentialsOf, readMessage, toCloseReason } from './websocket-messages.ts'
import { whenTaken } from './when-taken.ts'

export type ConnectionOptions = Readonly<{
  subscriptions: Subscriptions
  authenticate: Authenticate
  operationKind: OperationKind
  initTimeoutMs?: number
  logger: Logger
}>

type Payload = Readonly<Record<string, unknown>> | null

const AS_TEXT = { binary: false }
const ACKNOWLEDGED = JSON.stringify({ type: 'connection_ack' })

/** What a closed socket, or one that is being closed, still says is not heard; what is said to it is lost anyway. */
const isOpen = (socket: WebSocket) => socket.readyState === socket.OPEN
const send = (socket: WebSocket, message: object) => {
  if (isOpen(socket)) socket.send(JSON.stringify(message), AS_TEXT)
}

type Peer = Readonly<{ stream: Duplex; headers: Credentials; clientIp: string }>

/**
 * One client that speaks graphql-transport-ws. Results are sent as texts that all subscribers of a group share: to
 * write the same result five thousand times as JSON would cost more than everything else.
 */
export function openConnection(
  socket: WebSocket,
  { stream, headers, clientIp, ...options }: ConnectionOptions & Peer,
): void {
  const operations = createOperations(socket, stream, options)
  let caller: Caller | null = null
  let init = beginInit(socket, options)

  socket.on('message', (data, isBinary) => receive(data, isBinary))
  socket.on('close', () => {
    init?.cancel()
    operations.closeAll()
  })
  socket.on('error', (err) => options.logger.debug({ err }, 'socket broken'))

  function receive(data: RawData, isBinary: boolean) {
    if (!isOpen(socket)) return
    const message = isBinary ? null : readMessage(String(data))
    if (message === null) return socket.close(CLOSE.badRequest, 'Invalid message')
    switch (message.type) {
      case 'ping':
        return send(socket, { type: 'pong', ...(message.payload && { payload: message.payload }) })
      case 'pong':
        return
      case 'connection_init':
        return initialise(message.payload ?? null)
      case 'complete':
        return operations.close(message.id)
      case 'subscribe':
        if (caller === null) return socket.close(CLOSE.unauthorized, 'Unauthorized')
        return operations.open(message.id, { ...message.payload, clientIp }, caller)
    }
  }

  function initialise(payload: Payload) {
    if (init === null) return socket.close(CLOSE.tooMuch, 'Too many initialisation requests')
    init.cancel()
    // Nothing of it is kept: a token is longer than all else that belongs to a socket.
    init = null
    void authenticate(credentialsOf(payload, headers))
  }

  async function authenticate(credentials: Credentials) {
    try {
      const known = await options.authenticate(credentials, clientIp)
      if (!isOpen(socket)) return
      caller = known
      socket.send(ACKNOWLEDGED, AS_TEXT)
    } catch (err) {
      if (err instanceof AppError) return socket.close(CLOSE.forbidden, err.code)
      options.logger.error({ err }, 'caller not known')
      socket.close(CLOSE.internalError, 'Internal error')
    }
  }
}

/** Who does not say who they are within the time is turned out. */
function beginInit(socket: WebSocket, { initTimeoutMs = INIT_TIMEOUT_MS }: ConnectionOptions) {
  const late = () => socket.close(CLOSE.initTimeout, 'Connection initialisation timeout')
  const timer = setTimeout(late, initTimeoutMs)
  return { cancel: () => clearTimeout(timer) } as { cancel: () => void } | null
}

/** The operations of one socket, by the client's ids. */
function createOperations(socket: WebSocket, stream: Duplex, options: ConnectionOptions) {
  const { subscriptions, operationKind, logger } = options
  const { subscriptionsPerSocketMax } = subscriptions.limits
  const running = new Map<string, OpenSubscription>()

  const end = (id: string, why: End) => {
    if (!running.delete(id)) return
    // The door closes the socket with 1001, which says it for all of them.
    if (why instanceof StoppingError || !isOpen(socket)) return
    send(socket, { id, type: 'error', payload: toErrors(why) })
    if (why instanceof SlowReaderError) {
      socket.close(CLOSE.tooMuch, toCloseReason(`${why.code} ${why.facts.cursor ?? ''}`.trim(), why.code))
    }
    if (why instanceof UnauthenticatedError) socket.close(CLOSE.forbidden, why.code)
  }

  const createSink = (id: string): Sink => {
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
    return {
      next: (text) => socket.send(`${head}${text}}`, AS_TEXT),
      end: (why) => end(id, why),
      bufferedBytes: () => socket.bufferedAmount,
      whenTaken: (callback) => whenTaken(stream, callback),
    }
  }

  const runOnce = (id: string, request: GraphqlRequest, caller: Caller): OpenSubscription => {
    // The client may be done with it before we are, and use the id for something else.
    const operation = { close: () => {} }
    const isWanted = () => running.get(id) === operation && isOpen(socket)
    subscriptions.runOnce(request, caller).then(
      (text) => {
        if (!isWanted()) return
        createSink(id).next(text)
        send(socket, { id, type: 'complete' })
        running.delete(id)
      },
      (error) => isWanted() && end(id, toEnd(error, logger)),
    )
    return operation
  }

  return {
    open(id: string, request: GraphqlRequest, caller: Caller) {
      if (running.has(id)) {
        const reason = toCloseReason(`Subscriber for ${id} already exists`, 'Subscriber already exists')
        return socket.close(CLOSE.subscriberExists, reason)
      }
      if (running.size >= subscriptionsPerSocketMax) {
        const tooMany = new TooManySubscriptionsError('socket', subscriptionsPerSocketMax)
        return send(socket, { id, type: 'error', payload: toErrors(tooMany) })
      }
      const isLive = operationKind(request) === 'subscription'
      running.set(id, isLive ? subscriptions.open(request, caller, createSink(id)) : runOnce(id, request, caller))
    },
    close(id: string) {
      running.get(id)?.close()
      running.delete(id)
    },
    closeAll() {
      for (const { close } of running.values()) close()
      running.clear()
    },
  }
}
