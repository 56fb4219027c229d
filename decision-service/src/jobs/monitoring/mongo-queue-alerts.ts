import type { Outbox } from '@redress/shared/events/outbox.ts'
import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, Collection, MongoClient } from 'mongodb'
import { type AlertChange, applyReading, type QueueAlert, type Reading } from './queue-alert.ts'
import type { Thresholds } from './thresholds.ts'

/** An open alert. One that is resolved is deleted: its events are on the record. */
export type AlertDocument = QueueAlert & { _id: string }

export const QUEUE_ALERTS: CollectionDefinition<AlertDocument> = defineCollection<AlertDocument>({
  name: 'queue_alerts',
})

type Dependencies = Readonly<{
  mongo: MongoClient
  collection: Collection<AlertDocument>
  outbox: Outbox
  thresholds: Thresholds
  /** Whether this process may write: a leader that was paused has perhaps a successor. */
  mayWrite: () => boolean
}>

export type JudgeReadings = (readings: readonly Reading[], now: Date) => Promise<void>

/**
 * Compares readings with the thresholds, and raises and resolves alerts. An alert and its event share a transaction, which
 * two processes cannot both commit for one alert: the second one conflicts, and finds the alert open when it runs again.
 */
export function createJudgeReadings({ mongo, collection, outbox, thresholds, mayWrite }: Dependencies): JudgeReadings {
  const changesOf = async (readings: readonly Reading[], now: Date, session?: ClientSession) => {
    const ids = readings.map(idOf)
    const found = await collection.find({ _id: { $in: ids } }, { ...(session && { session }) }).toArray()
    const open = new Map(found.map(({ _id, ...alert }) => [_id, alert]))
    return readings.flatMap((reading) => {
      const id = idOf(reading)
      const change = applyReading(open.get(id) ?? null, reading, thresholds[reading.queue], now)
      return change === null ? [] : [{ id, ...change }]
    })
  }
  const store = async ({ id, alert }: AlertChange & Readonly<{ id: string }>, session: ClientSession) => {
    if (alert === null) await collection.deleteOne({ _id: id }, { session })
    else await collection.replaceOne({ _id: id }, alert, { session, upsert: true })
  }
  return async (readings, now) => {
    if ((await changesOf(readings, now)).length === 0) return
    const isStored = await inTransaction(mongo, async (session) => {
      const changes = await changesOf(readings, now, session)
      if (!mayWrite()) return false
      for (const change of changes) await store(change, session)
      await outbox.add(
        changes.flatMap(({ events }) => events),
        session,
      )
      return true
    })
    if (isStored) outbox.wake()
  }
}

const idOf = ({ queue, measure }: Pick<Reading, 'queue' | 'measure'>) => `${queue}:${measure}`
