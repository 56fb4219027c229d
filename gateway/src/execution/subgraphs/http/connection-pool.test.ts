import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { Cancellation } from '../../cancellation.ts'
import { sendRequest } from '../send-request.ts'
import { ConnectionPool } from './connection-pool.ts'

/** A server, and a pool of connections to it. It notes its connections, and passes on its requests. */
async function start(
  listener: RequestListener,
  { connectionsMax = 10, keepAliveMs = 60_000, answerBytesMax = 1e6 } = {},
) {
  const sockets = new Set<Socket>()
  const server = createServer(listener).listen(0, '127.0.0.1')
  server.on('connection', (socket) => sockets.add(socket))
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const pool = new ConnectionPool({ url, connectionsMax, keepAliveMs, answerBytesMax, connectMs: 60_000 })
  onTestFinished(() => {
    pool.close()
    server.closeAllConnections()
    server.close()
  })
  const send = (body: string, { timeoutMs = 30_000, cancellation = new Cancellation() } = {}) =>
    sendRequest(pool, { head: `POST / HTTP/1.1\r\nhost: ${url.host}\r\n`, body, timeoutMs, cancellation })
  return { send, pool, server, sockets }
}

async function textOf(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const echo: RequestListener = async (request, response) => void response.end(await textOf(request))

/** A server that answers on demand, in the order of the requests. */
function holding() {
  const held: ServerResponse[] = []
  const waiting: (() => void)[] = []
  const listener: RequestListener = (request, response) => {
    request.resume().on('end', () => {
      held.push(response)
      for (const wake of waiting.splice(0)) wake()
    })
  }
  const next = async () => {
    while (held.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    return held.shift()!
  }
  return { listener, next }
}

it('requests one after the other share a connection, and answers of any size and script come whole', async () => {
  const { send, sockets } = await start(echo)

  for (const body of ['{"a":1}', '{"ä€😀":1}', `"${'long '.repeat(60_000)}"`, '{}']) {
    expect(await send(body)).toMatchObject({ status: 200, text: body })
  }

  expect(sockets.size).toBe(1)
})

it('requests at the same time have a connection each, up to a limit, and the others wait', async () => {
  const { listener, next } = holding()
  const { send, sockets } = await start(listener, { connectionsMax: 2 })

  const answers = ['1', '2', '3'].map((body) => send(body))
  const [first, second] = [await next(), await next()]
  first.end('one')
  const third = await next()
  second.end('one')
  third.end('one')

  expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(['one', 'one', 'one'])
  expect(sockets.size).toBe(2)
})

it('a request that is given up takes its connection along, and one that waits takes its place', async () => {
  const { listener, next } = holding()
  const { send, sockets } = await start(listener, { connectionsMax: 1 })
  const cancellation = new Cancellation()

  const given = send('1', { cancellation })
  await next()
  const waiting = send('2')
  cancellation.cancel()
  await expect(given).rejects.toMatchObject({ name: 'CancelledError' })
  ;(await next()).end('answered')

  expect(await waiting).toMatchObject({ text: 'answered' })
  expect(sockets.size).toBe(2)
})

it('a request that waits for a connection ends at its deadline, and is never sent', async () => {
  const { listener, next } = holding()
  const { send } = await start(listener, { connectionsMax: 1 })

  const first = send('1')
  const held = await next()
  await expect(send('2', { timeoutMs: 1 })).rejects.toMatchObject({ name: 'DeadlineError' })
  held.end('answered')
  await first
  const third = send('3')
  ;(await next()).end('the third')

  expect(await third).toMatchObject({ text: 'the third' })
})

it('a connection that the server keeps for less than the margin is not used again', async () => {
  const { send, server, sockets } = await start(echo)
  server.keepAliveTimeout = 1_000

  await send('1')
  await send('2')

  expect(sockets.size).toBe(2)
})

it('a request that is sent while the server ends an unused connection goes over another one', async () => {
  const { send, sockets } = await start(echo)
  const opened: Socket[] = []
  const note = (message: unknown) => void opened.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', note)
  onTestFinished(() => void unsubscribe('net.client.socket', note))

  await send('1')
  for (const socket of sockets) socket.end()
  await once(opened[0]!, 'end')

  expect(await send('2')).toMatchObject({ text: '2' })
})

it('a connection whose request was answered before it was read is not used again', async () => {
  const { send, sockets } = await start((_, response) => response.end('early'))

  expect(await send('x'.repeat(32 * 1024 * 1024))).toMatchObject({ text: 'early' })
  await send('2')

  expect(sockets.size).toBe(2)
})

it('a server that refuses, hangs up, or answers more than allowed fails the request, and the next is answered', async () => {
  let behave: RequestListener = (_, response) => response.destroy()
  const { send, pool } = await start((request, response) => behave(request, response), { answerBytesMax: 10 })

  await expect(send('1')).rejects.toMatchObject({ code: 'ECONNRESET' })
  behave = (_, response) => response.end('more than ten bytes')
  await expect(send('2')).rejects.toMatchObject({ name: 'UnreadableAnswerError' })
  behave = echo
  expect(await send('3')).toMatchObject({ text: '3' })

  pool.close()
  const refused = new ConnectionPool({
    url: new URL('http://127.0.0.1:1'),
    connectionsMax: 1,
    keepAliveMs: 1,
    answerBytesMax: 1,
    connectMs: 60_000,
  })
  onTestFinished(() => refused.close())
  const request = { head: 'GET / HTTP/1.1\r\n', body: '', timeoutMs: 30_000, cancellation: new Cancellation() }
  await expect(sendRequest(refused, request)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

it('closing fails the requests on their way', async () => {
  const { listener, next } = holding()
  const { send, pool } = await start(listener, { connectionsMax: 1 })

  const answers = [send('1'), send('2')].map((answer) => expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' }))
  await next()
  pool.close()

  await Promise.all(answers)
})

it('after closing no connection is opened, so that a read that is sent again leaves none open', async () => {
  const { send, pool, sockets } = await start(echo)

  pool.close()

  await expect(send('1')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(sockets.size).toBe(0)
})
