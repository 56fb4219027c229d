import type { Duplex } from 'node:stream'
import { AppError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { RawData, WebSocket } from 'ws'
import type { Authenticate } from '../../access/authenticate.ts'
import type { Caller } from '../../access/caller.ts'
import type { Credentials } from '../../access/credentials.ts'
import { INIT_TIMEOUT_MS } from '../limits.ts'
import type { Subscriptions } from '../subscriptions.ts'
import type { OperationKind } from './operation-kind.ts'
import type { Tally } from './tally.ts'
import { AS_TEXT, CLOSE, type ClientMessage, credentialsOf, isOpen, readMessage, send } from './websocket-messages.ts'
import { createSocketOperations, type SocketOperations } from './websocket-operations.ts'

export type ConnectionOptions = Readonly<{
  subscriptions: Subscriptions
  authenticate: Authenticate
  operationKind: OperationKind
  initTimeoutMs?: number
  logger: Logger
}>

type Peer = Readonly<{
  stream: Duplex
  headers: Credentials
  clientIp: string
  /** The sockets of each caller. */
  callers: Tally
}>

type Connection = Pick<ConnectionOptions, 'authenticate' | 'logger'> &
  Pick<Peer, 'headers' | 'clientIp' | 'callers'> &
  Readonly<{ socket: WebSocket; operations: SocketOperations }> & {
    /** Null before the client is authenticated. */
    caller: Caller | null
    /** Runs until `connection_init` arrives; null from then on. */
    initTimer: NodeJS.Timeout | null
  }

const ACKNOWLEDGED = JSON.stringify({ type: 'connection_ack' })

/**
 * Serves one client that speaks graphql-transport-ws. Results are sent as texts that all subscribers of a group share:
 * serialising the same result for each of five thousand subscribers would cost more than everything else.
 */
export function openConnection(socket: WebSocket, options: ConnectionOptions & Peer): void {
  const { authenticate, headers, clientIp, callers, initTimeoutMs = INIT_TIMEOUT_MS, logger } = options
  const operations = createSocketOperations({ ...options, socket })
  const expire = () => socket.close(CLOSE.initTimeout, 'Connection initialisation timeout')
  const initTimer = setTimeout(expire, initTimeoutMs)
  const connection: Connection = {
    socket,
    operations,
    authenticate,
    headers,
    clientIp,
    callers,
    logger,
    caller: null,
    initTimer,
  }

  socket.on('message', (data, isBinary) => receive(connection, data, isBinary))
  socket.on('close', () => {
    stopInitTimer(connection)
    operations.closeAll()
  })
  socket.on('error', (err) => logger.debug({ err }, 'socket broken'))
}

function receive(connection: Connection, data: RawData, isBinary: boolean) {
  const { socket } = connection
  // Messages of a socket that is being closed are ignored.
  if (!isOpen(socket)) return
  const message = isBinary ? null : readMessage(String(data))
  if (message === null) return socket.close(CLOSE.badRequest, 'Invalid message')
  answer(connection, message)
}

function answer(connection: Connection, message: ClientMessage) {
  const { socket, operations, clientIp, caller } = connection
  switch (message.type) {
    case 'ping':
      return send(socket, { type: 'pong', ...(message.payload && { payload: message.payload }) })
    case 'pong':
      return
    case 'connection_init':
      return initialise(connection, message.payload ?? null)
    case 'complete':
      return operations.close(message.id)
    case 'subscribe':
      if (caller === null) return socket.close(CLOSE.unauthorized, 'Unauthorized')
      return operations.open(message.id, { ...message.payload, clientIp }, caller)
  }
}

function initialise(connection: Connection, payload: Readonly<Record<string, unknown>> | null) {
  if (connection.initTimer === null) {
    return connection.socket.close(CLOSE.tooMuch, 'Too many initialisation requests')
  }
  stopInitTimer(connection)
  void authenticate(connection, credentialsOf(payload, connection.headers))
}

function stopInitTimer(connection: Connection): void {
  if (connection.initTimer !== null) clearTimeout(connection.initTimer)
  connection.initTimer = null
}

async function authenticate(connection: Connection, credentials: Credentials): Promise<void> {
  const { socket, clientIp, callers, logger } = connection
  try {
    const caller = await connection.authenticate(credentials, clientIp)
    if (!isOpen(socket)) return
    const { id } = caller.principal
    if (!callers.hasRoom(id)) return socket.close(CLOSE.tooMuch, 'Too many sockets')
    callers.add(id)
    socket.once('close', () => callers.remove(id))
    connection.caller = caller
    socket.send(ACKNOWLEDGED, AS_TEXT)
  } catch (err) {
    if (err instanceof AppError) return socket.close(CLOSE.forbidden, err.code)
    logger.error({ err }, 'caller not authenticated')
    socket.close(CLOSE.internalError, 'Internal error')
  }
}
