import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { BSON, type Document } from 'mongodb'

const HEADER_BYTES = 16
const OP_MSG = 2013

export type RawClient = Readonly<{ socket: Socket; command(document: Document): Promise<Document>; close(): void }>

/** Sends commands unchanged and one at a time. A driver would add its own session to them. */
export async function connectRaw(uri: string): Promise<RawClient> {
  const { hostname, port } = new URL(uri)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return {
    socket,
    async command(document) {
      socket.write(toMessage({ ...document, $db: document.$db ?? 'crash' }))
      return readReply(socket)
    },
    close: () => socket.destroy(),
  }
}

export function toMessage(document: Document): Buffer {
  const body = BSON.serialize(document)
  const message = Buffer.alloc(HEADER_BYTES + 5 + body.length)
  message.writeInt32LE(message.length, 0)
  message.writeInt32LE(OP_MSG, 12)
  message.set(body, HEADER_BYTES + 5)
  return message
}

async function readReply(socket: Socket): Promise<Document> {
  let pending = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk])
    if (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      return BSON.deserialize(pending.subarray(HEADER_BYTES + 5))
    }
  }
  throw new Error('The connection was closed.')
}
