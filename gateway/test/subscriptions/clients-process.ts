import { WebSocket } from 'ws'

/**
 * Many clients in one process, for scripts/bench/subscriptions.ts. `{ open: n }` opens n more; `{ expect: [id, n] }` is
 * answered once the event of the issue `id` has come n times: `{ id, latenciesMs }`, from the moment that the id names
 * (`bench-<monotonic ns>`).
 */
type Command = Readonly<{ open: number }> | Readonly<{ expect: readonly [string, number] }>

const AT_ONCE = 100
const ISSUE_ID = /"issueId":"(bench-(\d+))"/
const QUERY = 'subscription { issueStatusChanged { cursor issueId from to changedBy at issue { priority version } } }'

const { GATEWAY_URL: url = '', TOKEN: token = '' } = process.env
const latencies = new Map<string, number[]>()
let expected: readonly [string, number] | null = null
let opened = 0

process.on('message', async (command: Command) => {
  if ('expect' in command) {
    expected = command.expect
    return report()
  }
  for (let left = command.open; left > 0; left -= AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, openOne))
  }
  process.send?.({ opened })
})
// Until there are sockets, only the channel keeps this process.
process.channel?.ref()
process.send?.({ ready: true, url })

function openOne(): Promise<void> {
  const id = String(++opened)
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('open', () =>
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
  )
  socket.once('message', () => {
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: QUERY } }))
    socket.on('message', arrive)
    resolve()
  })
  socket.on('error', reject)
  socket.on('close', (code, reason) => process.stderr.write(`closed: ${code} ${reason}\n`))
  return promise
}

function arrive(data: Buffer) {
  const now = process.hrtime.bigint()
  const [, id = '', sentAt = '0'] = ISSUE_ID.exec(data.toString('latin1')) ?? []
  const latencyMs = Number(now - BigInt(sentAt)) / 1e6
  const known = latencies.get(id)
  if (known) known.push(latencyMs)
  else latencies.set(id, [latencyMs])
  if (id === expected?.[0]) report()
}

function report() {
  const [id, count] = expected!
  const latenciesMs = latencies.get(id) ?? []
  if (latenciesMs.length < count) return
  expected = null
  latencies.delete(id)
  process.send?.({ id, latenciesMs })
}
