import type { ChildProcess } from 'node:child_process'
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
  const files = createGate()
  let child: ChildProcess | null = null
  const supervised = supervise(
    {
      name: 'redis',
      port: await findFreePort(),
      launch: async (port) => {
        await files.untilOpen()
        const launched = launchRedis({ program, port, directory, durable: true })
        child = launched.child
        return launched
      },
    },
    { readyMs: READY_MS, onLogLine },
  )
  const url = await supervised.ready

  const whileDown = (change: () => Promise<void> | void) =>
    files.whileClosed(async () => {
      if (child !== null && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      await change()
    })
  return { url, directory, pid: supervised.pid, whileDown, stop: () => supervised.stop('SIGKILL') }
}

/** Keeps Redis from starting while its files are changed, by one change after the other. */
function createGate() {
  let last: Promise<unknown> = Promise.resolve()
  return {
    whileClosed(work: () => Promise<void>): Promise<void> {
      const done = last.then(work)
      last = done.catch(() => {})
      return done
    },
    /** Another change may have been asked for meanwhile. */
    async untilOpen(): Promise<void> {
      for (let seen: Promise<unknown> | null = null; seen !== last; ) {
        seen = last
        await seen
      }
    },
  }
}
