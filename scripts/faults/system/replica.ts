import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { findFreePort } from '../../stack/processes/free-port.ts'
import { launchRedis } from '../../stack/redis/launch-redis.ts'

const SYNC_MS = 5_000
const LOOK_EVERY_MS = 50
const TAKE_OVER_MS = 10_000

export type Replica = Readonly<{ child: ChildProcess; port: number; directory: string }>

type Options = Readonly<{ program: string; directory: string; masterPort: number }>

/** Starts a replica and cuts it off once it has caught up. Null where its master does not answer meanwhile. */
export async function startReplica({ program, directory, masterPort }: Options): Promise<Replica | null> {
  const port = await findFreePort()
  const { child, ready } = launchRedis({ program, port, directory, durable: true })
  await ready
  if (await copyFrom(masterPort, port).catch(() => false)) return { child, port, directory }
  child.kill('SIGKILL')
  return null
}

async function copyFrom(masterPort: number, port: number): Promise<boolean> {
  // By default a master waits 5 s for further replicas.
  await onRedis(masterPort, (send) => send(['CONFIG', 'SET', 'repl-diskless-sync-delay', '0']))
  return onRedis(port, async (send) => {
    await send(['REPLICAOF', '127.0.0.1', String(masterPort)])
    const endsAt = performance.now() + SYNC_MS
    while (!isSynced(await send(['INFO']))) {
      if (performance.now() > endsAt) return false
      await pause(LOOK_EVERY_MS)
    }
    await send(['REPLICAOF', 'NO', 'ONE'])
    return true
  })
}

/** A replica writes its own files anew after it has received those of its master. */
const isSynced = (info: string) =>
  ['master_link_status:up', 'aof_rewrite_in_progress:0', 'aof_rewrite_scheduled:0'].every((line) => info.includes(line))

/** Lets a replica serve at the address of its master, which has ended. Resolves with the address. */
export async function takeOver(replica: Replica, port: number): Promise<string> {
  await onRedis(replica.port, async (send) => {
    const endsAt = performance.now() + TAKE_OVER_MS
    for (;;) {
      try {
        return await send(['CONFIG', 'SET', 'port', String(port)])
      } catch (error) {
        // The kernel may not have given the port back yet.
        if (performance.now() > endsAt) throw error
        await pause(LOOK_EVERY_MS)
      }
    }
  })
  return `redis://127.0.0.1:${port}`
}

type Send = (command: readonly string[]) => Promise<string>

async function onRedis<T>(port: number, use: (send: Send) => Promise<T>): Promise<T> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(async (command) => String(await client.sendCommand([...command])))
  } finally {
    client.destroy()
  }
}
