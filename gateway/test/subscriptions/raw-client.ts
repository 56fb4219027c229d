import { once } from 'node:events'
import { WebSocket } from 'ws'

// biome-ignore lint/suspicious/noExplicitAny: a message has the shape that the test asked for.
type Message = any

/** A client that says exactly what it is told to, and keeps what it hears. */
export async function openRaw(
  url: string,
  { protocol = 'graphql-transport-ws', headers = {} }: { protocol?: string; headers?: Record<string, string> } = {},
) {
  const socket = new WebSocket(url, protocol, { headers })
  const heard: Message[] = []
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  socket.on('message', (data) => heard.push(JSON.parse(String(data))))
  await once(socket, 'open')
  const say = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message))

  return {
    socket,
    heard,
    closed,
    say,
    /** Says who it is, and waits for the answer. */
    async introduce(payload: object = { authorization: 'Bearer admin' }) {
      const acknowledged = once(socket, 'message')
      say({ type: 'connection_init', payload })
      await acknowledged
    },
    subscribe: (id: string, query: string, variables: object = {}) =>
      say({ id, type: 'subscribe', payload: { query, variables } }),
    close: () => socket.terminate(),
  }
}

/** The status with which an upgrade is refused. */
export function refusalOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers })
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode)
      socket.terminate()
    })
    socket.on('error', () => {})
    socket.on('open', () => resolve(101))
  })
}
