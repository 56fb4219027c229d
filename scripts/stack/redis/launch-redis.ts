import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Launched } from '../processes/launch-node.ts'
import { redisPidFileIn } from './redis-predecessor.ts'

const PING_EVERY_MS = 25
const PING_TIMEOUT_MS = 1_000

/**
 * Redis knows nothing of supervisors. So it is started by a shell that first leaves a watcher behind, whose
 * input is a pipe from us: when we end, however we end, the pipe closes and the watcher stops Redis. The
 * shell then becomes Redis itself, which makes the process id and the exit code Redis's own.
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
  /** Whether every write goes to an append-only file: yes wherever a restart must lose nothing. */
  durable: boolean
}>

/** Starts Redis on loopback; `ready` once it has loaded its data and answers. */
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
    // The default is more than many kernels allow, and only brings a warning.
    'tcp-backlog': 128,
    // Each file of tests has one of its own.
    databases: 64,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn('sh', ['-c', TIED_TO_SUPERVISOR, 'sh', program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdin.on('error', () => {}) // The pipe breaks when Redis ends first; its end is reported anyway.

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

/** Whether Redis answers: it refuses with an error while it still loads its data. */
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

/** A port that nobody uses at this moment. Redis cannot choose one itself: its port 0 means none. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
