import { isUtf8 } from 'node:buffer'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ErrorCode } from '../error-codes.ts'
import { AppError, BadUserInputError } from '../errors.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
const CLOSING_EVERY_MS = 20
const KEEP_ALIVE_MS = 65_000
const HEADER_BYTES_MAX = 16 * 1024
/** How much more of a request, and for how long, is read once it is answered: more than the kernels on the way hold. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024
const UNREAD_MS_MAX = 5_000

export type HttpServer = Readonly<{ url: string; close: () => Promise<void> }>

/** The request body is larger than the limit. */
export class BodyTooLargeError extends AppError {
  override readonly name = 'BodyTooLargeError'
  readonly code = 'BODY_TOO_LARGE'
  readonly kind = 'invalid'

  constructor(bytesMax: number) {
    super(`The request body is larger than ${bytesMax} bytes.`)
  }
}

/** The port is in use by another process. */
export class PortInUseError extends AppError {
  override readonly name = 'PortInUseError'
  readonly code = 'PORT_IN_USE'
  readonly kind = 'unavailable'

  constructor(port: number, options: ErrorOptions) {
    super(`Port ${port} is in use by another program. Stop it, or choose another port.`, options)
  }
}

export type HttpServerOptions = Readonly<{
  port: number
  host: string
  /** Adds another protocol on the same port. */
  attach?: (server: Server) => void
}>

/**
 * Serves on `port` (0: any free one) of `host`. `close` accepts no new connection and waits for running requests.
 * @throws PortInUseError
 */
export function startHttpServer(handle: RequestListener, { port, host, attach }: HttpServerOptions) {
  const unused = new Set<Socket>()
  const listener: RequestListener = (request, response) => {
    unused.delete(request.socket)
    handle(request, response)
  }
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS }, listener)
  attach?.(server)
  trackUnused(server, unused)
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS

  return new Promise<HttpServer>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? new PortInUseError(port, { cause }) : cause),
    )
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo
      const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
      resolve({
        url: `http://${name}:${address.port}`,
        close: () =>
          new Promise((closed) => {
            // Node would wait for idle connections until the client closes them.
            const closing = setInterval(() => server.closeIdleConnections(), CLOSING_EVERY_MS)
            server.close(() => {
              clearInterval(closing)
              closed()
            })
            server.closeIdleConnections()
            for (const socket of unused) socket.destroy()
          }),
      })
    })
  })
}

/** Keeps the connections without a request so far. Node does not count them as idle and would wait for them. */
function trackUnused(server: Server, unused: Set<Socket>): void {
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  // Without a listener for upgrades, Node answers them as requests.
  if (server.listenerCount('upgrade') > 0) server.on('upgrade', ({ socket }) => unused.delete(socket))
}

/**
 * Reads the whole body. A body that is too large is not kept; `endAnswer` reads the rest.
 * @throws BodyTooLargeError
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw new BodyTooLargeError(bytesMax)
  // A small body comes with its head: it is there once the listener of the request has returned.
  await null
  if (request.complete && request.readableLength <= bytesMax) return request.read() ?? NOTHING
  return collectBody(request, bytesMax)
}

const NOTHING = Buffer.alloc(0)

function collectBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= bytesMax) return chunks.push(chunk)
    chunks.length = 0
    return reject(new BodyTooLargeError(bytesMax))
  })
  request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
  request.on('error', reject)
  // Created only if needed: the stack of an error costs more than reading the body.
  request.on('close', () => request.complete || reject(new Error('The client disconnected.')))
  return promise
}

/** @throws BadUserInputError when the body is not JSON in UTF-8. */
export function parseJson(body: Buffer, parse: (text: string) => unknown = JSON.parse): unknown {
  if (!isUtf8(body)) throw new BadUserInputError(['body'], 'is not UTF-8')
  try {
    return parse(body.toString())
  } catch {
    throw new BadUserInputError(['body'], 'is not JSON')
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    // A connection with the rest of an unread request is not reused.
    ...(hasUnreadBody(response.req) && { connection: 'close' }),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  endAnswer(response, text, 'utf8')
}

/**
 * Sends the text of an answer whose head states its length. While the client still sends its request, the connection
 * stays open, up to a limit: closing it then would lose the answer.
 */
export function endAnswer(response: ServerResponse, text: string, encoding: BufferEncoding): void {
  if (!hasUnreadBody(response.req)) return void response.end(text, encoding)
  response.write(text, encoding)
  void untilRequestEnds(response.req).then(() => response.end())
}

/** Reads and drops the rest of a request, until it or its connection ends or a limit of time or bytes is reached. */
function untilRequestEnds(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, UNREAD_MS_MAX)
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > UNREAD_BYTES_MAX) resolve()
  })
  request.once('end', resolve).once('close', resolve)
  return promise.finally(() => clearTimeout(timer))
}

/** Answers with nothing but an error code. */
export function answerCode(response: ServerResponse, status: number, code: ErrorCode): void {
  answerJson(response, status, { code })
}

/** Whether a request has a body that is not read to its end. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

/** The value of a header, or null if it is missing or empty. */
export function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}
