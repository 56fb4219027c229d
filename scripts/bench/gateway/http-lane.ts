import { once } from 'node:events'
import { connect } from 'node:net'

/** One keep-alive connection that sends requests one after the other. */
export type HttpLane = Readonly<{ send: (request: string) => Promise<Buffer>; close: () => void }>

const HEAD_END = Buffer.from('\r\n\r\n')
const CHUNKS_END = Buffer.from('0\r\n\r\n')

/** A client with little overhead: it shares its core with the subgraphs and must not become the bottleneck. */
export async function openHttpLane(url: string): Promise<HttpLane> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let received: Buffer[] = []
  let wanted = 0
  let waiting: PromiseWithResolvers<Buffer> | null = null

  const fail = (error: Error) => waiting?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('The server closed the connection.')))
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk)
    const bytes = received.reduce((total, one) => total + one.length, 0)
    if (bytes < wanted) return
    const answer = received.length === 1 ? chunk : Buffer.concat(received)
    received = [answer]
    const read = readAnswer(answer)
    if (typeof read === 'number') {
      wanted = read
      return
    }
    received = []
    wanted = 0
    const { resolve, reject } = waiting!
    waiting = null
    if (isOk(answer)) resolve(read)
    else reject(new Error(`Refused: ${answer.toString()}`))
  })
  await once(socket, 'connect')

  return {
    send(request) {
      waiting = Promise.withResolvers<Buffer>()
      if (socket.destroyed) fail(new Error('The server has closed the connection.'))
      socket.write(request)
      return waiting.promise
    },
    close: () => void socket.destroy(),
  }
}

const isOk = (answer: Buffer) => answer.toString('latin1', 9, 12) === '200'

/** The body when it is complete, else the number of bytes to wait for before the next attempt. */
function readAnswer(answer: Buffer): Buffer | number {
  const headEnd = answer.indexOf(HEAD_END)
  if (headEnd === -1) return answer.length + 1
  const head = answer.toString('latin1', 0, headEnd)
  const bodyStart = headEnd + HEAD_END.length
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) return readChunks(answer.subarray(bodyStart)) ?? answer.length + 1
  const end = bodyStart + Number(length)
  if (answer.length < end) return end
  return answer.subarray(bodyStart, end)
}

function readChunks(body: Buffer): Buffer | null {
  if (!body.subarray(-CHUNKS_END.length).equals(CHUNKS_END)) return null
  const chunks: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const sizeEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, sizeEnd), 16)
    chunks.push(body.subarray(sizeEnd + 2, sizeEnd + 2 + size))
    at = sizeEnd + 2 + size + 2
  }
  return Buffer.concat(chunks)
}
