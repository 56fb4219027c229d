import { MongoClient } from 'mongodb'
import { type Repeating, startRepeating } from '../process/repeat.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import { pingMongo } from './mongo.ts'

const EVERY_MS = 5_000
const PING_MS = 5_000
const STRANDED_MS = 30_000

type Options = Readonly<{
  mongo: MongoClient
  uri: string
  /** Called once, when the client has been stranded for `strandedMs`. */
  onStranded: () => void
  /** Null: only `runNow` looks. */
  everyMs?: number | null
  strandedMs?: number
  pingMs?: number
  /** Milliseconds of a monotonic clock. */
  now?: () => number
}>

/**
 * Notices a client that cannot reach a database which others reach: a driver whose monitor waits on a destroyed socket
 * never connects again. A new connection, opened only while the client fails, tells that from a database that is away. The heartbeats of the
 * driver tell it from a pool that is busy: its commands wait, but its monitor goes on hearing from the server.
 */
export function watchMongo(options: Options): Repeating {
  const { mongo, uri, onStranded, everyMs = EVERY_MS, strandedMs = STRANDED_MS, pingMs = PING_MS } = options
  const now = options.now ?? (() => performance.now())
  let heardAt = Number.NEGATIVE_INFINITY
  mongo.on('serverHeartbeatSucceeded', () => {
    heardAt = now()
  })
  const stopped = new AbortController()
  let strandedAt: number | null = null
  let reported = false

  const look = async () => {
    const beganAt = now()
    const isStranded = !(await pingMongo(mongo, pingMs)) && (await answersNewClient(uri, pingMs, stopped.signal))
    strandedAt = isStranded ? Math.max(strandedAt ?? beganAt, heardAt) : null
    if (reported || strandedAt === null || now() - strandedAt < strandedMs) return
    reported = true
    onStranded()
  }
  // Never called: a missing answer is a result, not an error.
  const repeating = startRepeating({ run: look, everyMs, onError: () => {}, giveUpMs: 0 })
  return {
    ...repeating,
    stop() {
      stopped.abort()
      return repeating.stop()
    },
  }
}

/** Whether the database answers a client of its own, with one connection that is closed again. */
async function answersNewClient(uri: string, pingMs: number, stopped: AbortSignal): Promise<boolean> {
  if (stopped.aborted) return false
  const limits = { serverSelectionTimeoutMS: pingMs, connectTimeoutMS: pingMs, maxPoolSize: 1 }
  const client = new MongoClient(uri, { appName: 'watchdog', ...limits })
  const close = () => succeedsWithin(pingMs, client.close())
  // It would keep a process that has stopped from ending until its database is back, or is given up.
  stopped.addEventListener('abort', close, { once: true })
  const answers = await pingMongo(client, pingMs)
  stopped.removeEventListener('abort', close)
  await close()
  return answers
}
