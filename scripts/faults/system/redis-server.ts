import { once } from 'node:events'
import type { OnLogLine } from '../../stack/processes/log-lines.ts'
import { supervise } from '../../stack/processes/supervise.ts'
import { findOrInstallRedis, readMachine } from '../../stack/redis/find-redis.ts'
import { findFreePort, launchRedis } from '../../stack/redis/launch-redis.ts'

const READY_MS = 60_000

export type RedisServer = Readonly<{
  url: string
  directory: string
  pid: () => number | null
  /** Kills it, changes its files, and lets it start again at the same address. One change at a time. */
  whileDown: (change: () => Promise<void> | void) => Promise<void>
  stop: () => Promise<void>
}>

/** A Redis that is restarted whenever it ends, like the one of `npm start`. */
export async function startRedisServer(directory: string, onLogLine: OnLogLine): Promise<RedisServer> {
  const program = findOrInstallRedis(readMachine(process.env), () => {})
  let change: Promise<void> = Promise.resolve()
  let ended: Promise<unknown> = Promise.resolve()
  const supervised = supervise(
    {
      name: 'redis',
      port: await findFreePort(),
      launch: async (port) => {
        await change
        const launched = launchRedis({ program, port, directory, durable: true })
        ended = once(launched.child, 'exit')
        return launched
      },
    },
    { readyMs: READY_MS, onLogLine },
  )
  const url = await supervised.ready

  const whileDown = async (mutate: () => Promise<void> | void) => {
    await change
    const done = Promise.withResolvers<void>()
    change = done.promise
    try {
      const pid = supervised.pid()
      if (pid !== null) process.kill(pid, 'SIGKILL')
      await ended
      await mutate()
    } finally {
      done.resolve()
    }
  }
  return { url, directory, pid: supervised.pid, whileDown, stop: () => supervised.stop('SIGKILL') }
}
