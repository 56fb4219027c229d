import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { headerOf } from '@redress/shared/process/http.ts'
import { type WebSocket, WebSocketServer } from 'ws'
import { CLOSING_MS, MESSAGE_BYTES_MAX, PING_EVERY_MS, SOCKETS_MAX } from '../limits.ts'
import { createHeartbeat } from './heartbeat.ts'
import { type ConnectionOptions, openConnection } from './websocket-connection.ts'
import { CLOSE, SUBPROTOCOL } from './websocket-messages.ts'

export type WebsocketDoorOptions = ConnectionOptions &
  Readonly<{
    /** Asked where a browser says which page it comes from. */
    isAllowedOrigin: (origin: string, host: string | null) => boolean
    clientIpOf: (request: IncomingMessage) => string
    path?: string
    pingEveryMs?: number
  }>

export type WebsocketDoor = Readonly<{
  /** Takes the upgrades of a server; there is no other door for them. */
  attachTo: (server: Server) => void
  /** Closes all sockets with 1001. Call it after the subscriptions were closed, and before the server. */
  close: () => Promise<void>
}>

/** Newer than the published types of ws. */
const CLOSE_TIMEOUT: object = { closeTimeout: CLOSING_MS }

/** GraphQL over WebSocket, in the subprotocol graphql-transport-ws. */
export function createWebsocketDoor(options: WebsocketDoorOptions): WebsocketDoor {
  const { isAllowedOrigin, clientIpOf, path = '/graphql', pingEveryMs = PING_EVERY_MS } = options
  const sockets = new Set<WebSocket>()
  const unanswered = new WeakSet<WebSocket>()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
    // Compression costs memory and time for each socket, and would make shared texts different ones.
    perMessageDeflate: false,
    ...CLOSE_TIMEOUT,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  })
  let isClosing = false

  const heartbeat = createHeartbeat<WebSocket>(pingEveryMs, (socket) => {
    if (unanswered.has(socket)) return socket.terminate()
    unanswered.add(socket)
    socket.ping()
  })

  const welcome = (socket: WebSocket, request: IncomingMessage) => {
    if (socket.protocol !== SUBPROTOCOL) {
      return socket.close(CLOSE.subprotocolNotAcceptable, 'Subprotocol not acceptable')
    }
    sockets.add(socket)
    heartbeat.add(socket)
    socket.on('pong', () => unanswered.delete(socket))
    socket.on('close', () => {
      sockets.delete(socket)
      heartbeat.remove(socket)
    })
    const headers = { authorization: headerOf(request, 'authorization'), apiKey: headerOf(request, 'x-api-key') }
    openConnection(socket, { ...options, stream: request.socket, headers, clientIp: clientIpOf(request) })
  }

  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const origin = headerOf(request, 'origin')
    if (request.url?.split('?')[0] !== path) return refuse(stream, '404 Not Found')
    if (origin !== null && !isAllowedOrigin(origin, headerOf(request, 'host'))) return refuse(stream, '403 Forbidden')
    if (isClosing || sockets.size >= SOCKETS_MAX) return refuse(stream, '503 Service Unavailable')
    server.handleUpgrade(request, stream, head, welcome)
  }

  return {
    attachTo(httpServer) {
      httpServer.on('upgrade', upgrade)
    },
    async close() {
      isClosing = true
      await Promise.all([...sockets].map(sayGoodbye))
      server.close()
    },
  }
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => {})
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** What was sent before is taken first; who does not answer in CLOSING_MS is cut off. */
function sayGoodbye(socket: WebSocket): Promise<void> {
  return new Promise((closed) => {
    socket.once('close', () => closed())
    socket.close(CLOSE.goingAway, 'Going away')
  })
}
