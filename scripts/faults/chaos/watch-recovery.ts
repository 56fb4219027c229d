import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from 'mongodb'
import { createClient } from 'redis'
import type { RecordDocument } from '../../../decision-service/src/jobs/records/record-document.ts'

const LOOK_EVERY_MS = 500

export type Progress = Readonly<{
  /** Records that have not ended. */
  open: number
  /** Those of them that no worker will run as things are: not in their queue, or held by a worker that is gone. */
  lost: number
}>

export type Recovery = Readonly<{
  /** Seconds after which no open job was lost any more; null where one is at the end. */
  recoveredS: number | null
  /** Seconds until every record had ended; null where that was never so. */
  endedS: number | null
  last: Progress
}>

type Options = Readonly<{
  db: Db
  redisUrl: string
  mostMs: number
  /** Whether more jobs are to come. */
  isAdding: () => boolean
  say: (line: string) => void
  signal: AbortSignal
}>

/** Looks at the records and their queues from outside until every record has ended, or the time is over. */
export async function watchRecovery({ db, redisUrl, mostMs, isAdding, say, signal }: Options): Promise<Recovery> {
  const beganAt = performance.now()
  const seconds = () => (performance.now() - beganAt) / 1000
  const redis = createClient({ url: redisUrl })
  redis.on('error', () => {})
  await redis.connect()
  const look = createLook(db, redis as never)
  let recoveredS: number | null = null
  let saidAt = 0
  try {
    for (;;) {
      const last = await look()
      // A lock of a dead worker ends later, so that a job may be lost again.
      recoveredS = last.lost === 0 ? (recoveredS ?? seconds()) : null
      if (seconds() - saidAt >= 5) {
        saidAt = seconds()
        say(`${Math.round(saidAt)} s after the last fault: ${last.open} open, ${last.lost} lost`)
      }
      if (last.open === 0 && !isAdding()) return { recoveredS, endedS: seconds(), last }
      if (seconds() * 1000 > mostMs) return { recoveredS, endedS: null, last }
      await pause(LOOK_EVERY_MS, null, { signal })
    }
  } finally {
    redis.destroy()
  }
}

type Redis = Readonly<{
  zScore: (key: string, member: string) => Promise<number | null>
  lPos: (key: string, member: string) => Promise<number | null>
  exists: (key: string) => Promise<number>
}>

/** A job is lost that two looks in succession find nowhere: while one reads, a job moves from one list to another. */
function createLook(db: Db, redis: Redis) {
  let before: ReadonlySet<string> = new Set()
  return async (): Promise<Progress> => {
    const { open, nowhere } = await lookOnce(db, redis)
    const lost = nowhere.filter((id) => before.has(id)).length
    before = new Set(nowhere)
    return { open, lost }
  }
}

async function lookOnce(db: Db, redis: Redis) {
  const open = await db
    .collection<RecordDocument>('jobs')
    .find({ dueAt: { $exists: true }, waitsForChildren: { $exists: false } }, { projection: { queue: 1 } })
    .toArray()
  const waiting = await db.collection('jobs').countDocuments({ status: { $in: ['PENDING', 'PROCESSING'] } })
  const alive = await Promise.all(open.map(({ _id, queue }) => isAlive(redis, queue, _id)))
  return { open: waiting, nowhere: open.flatMap(({ _id }, index) => (alive[index] ? [] : [_id])) }
}

/** Whether the queue will give the job to a worker, or a worker holds its lock. */
async function isAlive(redis: Redis, queue: string, id: string): Promise<boolean> {
  const key = (name: string) => `bull:${queue}:${name}`
  const [prioritized, delayed, waiting, locked] = await Promise.all([
    redis.zScore(key('prioritized'), id),
    redis.zScore(key('delayed'), id),
    redis.lPos(key('wait'), id),
    redis.exists(key(`${id}:lock`)),
  ])
  return prioritized !== null || delayed !== null || waiting !== null || locked > 0
}
