import type { IncomingMessage } from 'node:http'
import { BodyTooLargeError } from '@redress/shared/http.ts'

/**
 * Reads the whole body. A body that is too large is not kept, but its sender is heard out: closing the connection on
 * somebody who still writes would lose the answer.
 * @throws BodyTooLargeError
 */
export function readRequestBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) return Promise.reject(new BodyTooLargeError(bytesMax))

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
  request.on('close', () => reject(new Error('The client went away.')))
  return promise
}
