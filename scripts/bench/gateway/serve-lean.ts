import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'

/** A minimal Node server: reads the body and answers with `answer(body)`, until it is stopped. */
export async function serveLean(answer: (path: string, body: string) => string | Buffer): Promise<void> {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    readAll(request, (body) => {
      const text = answer(request.url ?? '/', body)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
      response.end(text)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  announceReady(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await untilStopped()
  server.close()
  server.closeAllConnections()
}

function readAll(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString()))
}
