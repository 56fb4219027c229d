import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError, BadUserInputError } from './errors.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
const KEEP_ALIVE_MS = 65_000
const HEADER_BYTES_MAX = 16 * 1024

export type HttpServer = Readonly<{ url: string; close: () => Promise<void> }>

/** The request's body is larger than this door takes. */
export class BodyTooLargeError extends AppError {
  override readonly name = 'BodyTooLargeError'
  readonly code = 'BODY_TOO_LARGE'
  readonly kind = 'invalid'

  constructor(bytesMax: number) {
    super(`The request body is larger than ${bytesMax} bytes.`)
  }
}

/** A wanted port belongs to another process. */
export class PortInUseError extends AppError {
  override readonly name = 'PortInUseError'
  readonly code = 'PORT_IN_USE'
  readonly kind = 'unavailable'

  constructor(port: number, options: ErrorOptions) {
    super(`Port ${port} is in use by another program. Stop it, or choose another port.`, options)
  }
}

/**
 * Serves on `port` (0: any free one) of `host`. `close` takes no new connection, lets running requests end, and resolves.
 * @throws PortInUseError
 */
export function startHttpServer(handle: RequestListener, { port, host }: { port: number; host: string }) {
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS }, handle)
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
            server.close(() => closed())
            server.closeIdleConnections()
          }),
      })
    })
  })
}

/** Reads the whole body. @throws BodyTooLargeError as soon as it exceeds `bytesMax`. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new BodyTooLargeError(bytesMax)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

/** @throws BadUserInputError when the body is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new BadUserInputError(['body'], 'is not JSON')
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

/** The value of a header that is sent once, or null. */
export function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}
