import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { inject, onTestFinished } from 'vitest'

/** A relay to a logical database of Redis, which cuts the connection at each of the first `cuts` commands INFO. */
export async function relayToRedis(database: number, { cuts = 0 }: Readonly<{ cuts?: number }> = {}) {
  const target = new URL(inject('redisUrl'))
  let left = cuts
  const ends = new Set<() => void>()
  const relay = createServer((client) => {
    const server = connect(Number(target.port), target.hostname)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    ends.add(end)
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
    server.on('data', (bytes) => client.write(bytes))
    client.on('data', (bytes) => {
      if (bytes.includes('\r\nINFO\r\n') && left-- > 0) end()
      else server.write(bytes)
    })
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  onTestFinished(() => void relay.close())
  return {
    url: `redis://127.0.0.1:${(relay.address() as AddressInfo).port}/${database}`,
    cutsLeft: () => left,
    /** Ends all connections, and takes no more. */
    end() {
      relay.close()
      for (const end of ends) end()
    },
  }
}
