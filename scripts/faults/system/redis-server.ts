import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findFreePort } from '../../stack/processes/free-port.ts'
import type { Launched } from '../../stack/processes/launch-node.ts'
import type { OnLogLine } from '../../stack/processes/log-lines.ts'
import { supervise } from '../../stack/processes/supervise.ts'
import { findOrInstallRedis, readMachine } from '../../stack/redis/find-redis.ts'
import { launchRedis } from '../../stack/redis/launch-redis.ts'
import { type Replica, startReplica, takeOver } from './replica.ts'

const READY_MS = 60_000

export type RedisServer = Readonly<{
  url: string
  /** Where the present Redis keeps its files. */
  directory: () => string
  pid: () => number | null
  /** Kills it, changes its files, and lets it start again at the same address. One change at a time. */
  whileDown: (change: () => Promise<void> | void) => Promise<void>
  /** Kills it, and lets a replica take over its address that was cut off from it `lagMs` before. */
  failOver: (lagMs: number) => Promise<void>
  stop: () => Promise<void>
}>

/** The Redis of the moment; `successor` takes over when it is launched next. */
type Present = { directory: string; child: ChildProcess | null; successor: Replica | null }

/** A Redis that is restarted whenever it ends, like the one of `npm start`. Keeps its files below `parent`. */
export async function startRedisServer(parent: string, onLogLine: OnLogLine): Promise<RedisServer> {
  const program = findOrInstallRedis(readMachine(process.env), () => {})
  const files = createGate()
  const port = await findFreePort()
  const present: Present = { directory: join(parent, 'redis-1'), child: null, successor: null }
  let directories = 1
  const launch = async (): Promise<Launched> => {
    await files.untilOpen()
    const launched = launchPresent(present, { program, port })
    present.child = launched.child
    return launched
  }
  const supervised = supervise({ name: 'redis', port, launch }, { readyMs: READY_MS, onLogLine })
  const url = await supervised.ready

  const whileDown = (change: () => Promise<void> | void) =>
    files.whileClosed(async () => {
      await end(present.child)
      await end(present.successor?.child ?? null)
      present.successor = null
      await change()
    })
  return {
    url,
    directory: () => present.directory,
    pid: supervised.pid,
    whileDown,
    async failOver(lagMs) {
      const directory = join(parent, `redis-${++directories}`)
      const replica = await startReplica({ program, directory, masterPort: port })
      if (replica === null) return
      await pause(lagMs)
      await whileDown(() => void Object.assign(present, { directory, successor: replica }))
    },
    stop: () => supervised.stop('SIGKILL'),
  }
}

function launchPresent(present: Present, { program, port }: Readonly<{ program: string; port: number }>): Launched {
  const { directory, successor } = present
  present.successor = null
  if (successor === null) return launchRedis({ program, port, directory, durable: true })
  const ready = takeOver(successor, port)
  // It ends and is started again as a Redis of its own where it cannot take over.
  ready.catch(() => successor.child.kill('SIGKILL'))
  return { child: successor.child, ready: ready.catch(() => new Promise<never>(() => {})) }
}

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
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
