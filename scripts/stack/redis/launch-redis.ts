import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Launched } from '../processes/launch-node.ts'
import { redisPidFileIn } from './redis-predecessor.ts'

const PING_EVERY_MS = 25
const PING_TIMEOUT_MS = 1_000

/**
 * Ends Redis with this process. A shell first starts a watcher, whose input is a pipe from this process: when this
 * process ends, even when killed, the pipe closes and the watcher stops Redis. The shell then replaces itself with Redis,
 * so that the process id and the exit code are those of Redis.
 */
const TIED_TO_SUPERVISOR = `
exec 3<&0
redis=$$
(
  read -r _ <&3
  kill $redis
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 $redis || exit 0
    sleep 0.2
  done
  kill -9 $redis
) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
`

export type RedisOptions = Readonly<{
  program: string
  port: number
  directory: string
  /** Whether every write goes to an append-only file, so that a restart loses nothing. */
  durable: boolean
}>

/** Starts Redis on the loopback interface. `ready` resolves when it has loaded its data and answers. */
export function launchRedis({ program, port, directory, durable }: RedisOptions): Launched {
  mkdirSync(directory, { recursive: true })
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: directory,
    pidfile: redisPidFileIn(directory),
    save: '',
    appendonly: durable ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    // The default exceeds the limit of many kernels and causes a warning.
    'tcp-backlog': 128,
    // Each test file uses one of its own.
    databases: 128,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn('sh', ['-c', TIED_TO_SUPERVISOR, 'sh', program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdin.on('error', () => {}) // The pipe breaks when Redis ends first, which is reported as its exit.

  const { promise, resolve } = Promise.withResolvers<string>()
  const whenReady = async () => {
    while (child.exitCode === null && child.signalCode === null) {
      if (await answersPing(port)) return resolve(`redis://127.0.0.1:${port}`)
      await pause(PING_EVERY_MS)
    }
  }
  void whenReady()
  return { child, ready: promise }
}

/** Whether Redis answers. While it loads its data it answers with an error. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const answer = (isReady: boolean) => {
      socket.destroy()
      resolve(isReady)
    }
    socket.setTimeout(PING_TIMEOUT_MS, () => answer(false))
    socket.once('data', (data) => answer(data.toString().startsWith('+PONG')))
    socket.once('error', () => answer(false))
    socket.once('close', () => answer(false))
  })
}
