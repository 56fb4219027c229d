import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from 'mongodb'
import { createClient } from 'redis'
import type { RecordDocument } from '../../../decision-service/src/jobs/records/record-document.ts'
import { unpack } from '../../../decision-service/src/jobs/records/stored-json.ts'
import type { ScheduleDocument } from '../../../decision-service/src/jobs/schedules/mongo-schedules.ts'
import { TICK_TYPE } from '../../../decision-service/test/chaos-jobs.ts'
import type { Random } from '../../random.ts'
import { type Violation, violate } from '../check/violation.ts'
import { signalProcess } from '../inject/signal-process.ts'
import type { ChaosSystem } from './system.ts'

const PROCESSES = 3
const LEADER_KEY = 'leader:schedules'
/** Another process leads within this. */
const LEADS_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 50
/** Kills come anywhere between two ticks. */
const [LEADS_MIN_MS, LEADS_MAX_MS] = [1_000, 6_000]
const MINUTE_MS = 60_000

export type LeaderKills = Readonly<{
  violations: readonly Violation[]
  kills: number
  /** The longest time without a leader. */
  longestMs: number
  ticks: number
}>

type Options = Readonly<{ kills: number; random: Random; say: (line: string) => void; signal: AbortSignal }>

/** Kills the leader of the schedules again and again, and checks that each tick of a fast clock has one job. */
export async function killLeaders(system: ChaosSystem, { kills, random, say, signal }: Options): Promise<LeaderKills> {
  const processes = await system.start('tick', PROCESSES)
  const redis = createClient({ url: system.redis.url })
  redis.on('error', () => {})
  await redis.connect()
  const findLeader = async () => {
    const pid = Number((await redis.get(LEADER_KEY))?.split(':')[0])
    return processes.some((process) => process.pid() === pid) ? pid : null
  }
  const untilLed = async (): Promise<number> => {
    for (;;) {
      const pid = await findLeader()
      if (pid !== null) return pid
      await pause(LOOK_EVERY_MS, null, { signal })
    }
  }
  const violations: Violation[] = []
  let longestMs = 0
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const leader = await untilLed()
      await pause(LEADS_MIN_MS + random.below(LEADS_MAX_MS - LEADS_MIN_MS), null, { signal })
      signalProcess(leader, 'SIGKILL')
      const killedAt = performance.now()
      while ((await findLeader()) === leader) await pause(LOOK_EVERY_MS, null, { signal })
      await untilLed()
      const tookMs = Math.round(performance.now() - killedAt)
      longestMs = Math.max(longestMs, tookMs)
      if (tookMs > LEADS_WITHIN_MS) violations.push(violate('slow leader', `kill ${kill}`, `${tookMs} ms`))
      if (kill % 10 === 0) say(`${kill} leaders killed; the longest time without one is ${longestMs} ms`)
    }
    await pause(LEADS_MAX_MS, null, { signal })
  } finally {
    redis.destroy()
    await Promise.all(processes.map((process) => process.stop('SIGKILL')))
  }
  const ticks = await readTicks(system.mongo.db(system.database))
  return { violations: [...violations, ...checkTicks(ticks)], kills, longestMs, ticks: ticks.length }
}

async function readTicks(db: Db): Promise<readonly Date[]> {
  const records = await db.collection<RecordDocument>('jobs').find({ type: TICK_TYPE }).toArray()
  const ticks = records.map(({ data }) => new Date((unpack(data) as { tick: string }).tick))
  const [schedule] = await db.collection<ScheduleDocument>('schedules').find({}).toArray()
  if (schedule?.missed) throw new Error(`Ticks were missed: ${JSON.stringify(schedule.missed)}`)
  return ticks.toSorted((one, other) => one.getTime() - other.getTime())
}

/** Each minute from the first tick to the last one, once. */
export function checkTicks(ticks: readonly Date[]): readonly Violation[] {
  return ticks.slice(1).flatMap((tick, index) => {
    const afterMs = tick.getTime() - ticks[index]!.getTime()
    if (afterMs === MINUTE_MS) return []
    return [
      violate(afterMs === 0 ? 'doubled tick' : 'lost tick', tick.toISOString(), `${afterMs / 1000} s after the last`),
    ]
  })
}
