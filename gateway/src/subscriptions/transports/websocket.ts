import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { headerOf } from '@redress/shared/process/http.ts'
import { type WebSocket, WebSocketServer } from 'ws'
import { credentialsIn } from '../../access/credentials.ts'
import { networkOf } from '../../access/failed-attempts.ts'
import type { CheckOrigin } from '../../access/guards/check-origin.ts'
import type { ClientAddress } from '../../access/guards/client-address.ts'
import { CLOSING_MS, type Limits, MESSAGE_BYTES_MAX, PING_EVERY_MS, SOCKETS_MAX } from '../limits.ts'
import { createHeartbeat } from './heartbeat.ts'
import { createTally } from './tally.ts'
import { type ConnectionOptions, openConnection } from './websocket-connection.ts'
import { CLOSE, SUBPROTOCOL } from './websocket-messages.ts'

export type WebsocketTransportOptions = ConnectionOptions &
  Readonly<{
    /** Called if the upgrade request has an `Origin`, as those of browsers have. */
    isAllowedOrigin: (origin: string, host: string | null) => boolean
    /** @throws AppError for a page of another site. */
    checkOrigin?: CheckOrigin
    clientAddress: ClientAddress
    path?: string
    pingEveryMs?: number
  }>

export type WebsocketTransport = Readonly<{
  /** Handles all upgrade requests of a server. */
  attachTo: (server: Server) => void
  /** Closes all sockets with 1001. Call it after the subscriptions were closed, and before the server. */
  close: () => Promise<void>
}>

/** Newer than the published types of ws. */
const CLOSE_TIMEOUT: object = { closeTimeout: CLOSING_MS }

/** GraphQL over WebSocket, in the subprotocol graphql-transport-ws. */
export function createWebsocketTransport(options: WebsocketTransportOptions): WebsocketTransport {
  const { isAllowedOrigin, checkOrigin = () => {}, clientAddress, path = '/graphql' } = options
  const sockets = createSockets(options.pingEveryMs)
  const { addresses, callers } = createTallies(options.subscriptions.limits)
  const server = createServer()
  let isClosing = false

  const accept = (socket: WebSocket, request: IncomingMessage) => {
    if (socket.protocol !== SUBPROTOCOL) {
      return socket.close(CLOSE.subprotocolNotAcceptable, 'Subprotocol not acceptable')
    }
    sockets.add(socket)
    const clientIp = clientAddress(request)
    const network = networkOf(clientIp)
    addresses.add(network)
    socket.once('close', () => addresses.remove(network))
    openConnection(socket, { ...options, callers, stream: request.socket, headers: credentialsIn(request), clientIp })
  }

  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const origin = headerOf(request, 'origin')
    if (request.url?.split('?')[0] !== path) return refuse(stream, '404 Not Found')
    const isForeign = origin !== null && !isAllowedOrigin(origin, headerOf(request, 'host'))
    if (isForeign || throws(() => checkOrigin(request))) return refuse(stream, '403 Forbidden')
    if (isClosing || sockets.count() >= SOCKETS_MAX) return refuse(stream, '503 Service Unavailable')
    if (!addresses.hasRoom(networkOf(clientAddress(request)))) return refuse(stream, '429 Too Many Requests')
    server.handleUpgrade(request, stream, head, accept)
  }

  return {
    attachTo(httpServer) {
      httpServer.on('upgrade', upgrade)
    },
    async close() {
      isClosing = true
      await sockets.closeAll()
      server.close()
    },
  }
}

function createTallies({ socketsPerAddressMax, subscriptionsPerPrincipalMax }: Limits) {
  return {
    addresses: createTally(socketsPerAddressMax),
    // A socket without a subscription is of no use, so a caller needs no more of them.
    callers: createTally(subscriptionsPerPrincipalMax),
  }
}

function createServer(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
    // Compression costs memory and time for each socket, and a text could no longer be shared between sockets.
    perMessageDeflate: false,
    ...CLOSE_TIMEOUT,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  })
}

/** The open sockets, with their pings. A client that has not answered the last ping is disconnected. */
function createSockets(pingEveryMs = PING_EVERY_MS) {
  const open = new Set<WebSocket>()
  const unanswered = new WeakSet<WebSocket>()
  const heartbeat = createHeartbeat<WebSocket>(pingEveryMs, (socket) => {
    if (unanswered.has(socket)) return socket.terminate()
    unanswered.add(socket)
    socket.ping()
  })
  return {
    count: () => open.size,
    add(socket: WebSocket) {
      open.add(socket)
      heartbeat.add(socket)
      socket.on('pong', () => unanswered.delete(socket))
      socket.on('close', () => {
        open.delete(socket)
        heartbeat.remove(socket)
      })
    },
    closeAll: () => Promise.all([...open].map(closeGracefully)),
  }
}

function throws(check: () => void): boolean {
  try {
    check()
    return false
  } catch {
    return true
  }
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => {})
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Messages that were sent before are still read; without an answer within CLOSING_MS, ws destroys the connection. */
function closeGracefully(socket: WebSocket): Promise<void> {
  return new Promise((closed) => {
    socket.once('close', () => closed())
    socket.close(CLOSE.goingAway, 'Going away')
  })
}
