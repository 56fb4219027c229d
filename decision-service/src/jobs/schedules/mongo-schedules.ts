import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, MongoClient } from 'mongodb'
import type { Schedules } from './ports.ts'
import { SCHEDULES_MAX, type Schedule } from './schedule.ts'

export type ScheduleDocument = Omit<Schedule, 'name'> & { _id: string }
export type ScheduleCollections = Readonly<{ schedules: Collection<ScheduleDocument> }>

/** Of two that are added at the same moment, both may find room for the last schedule: a few more are read as well. */
const READ_MAX = SCHEDULES_MAX + 50

type Dependencies = Readonly<{ mongo: MongoClient; collections: ScheduleCollections; outbox: Outbox }>

/** Schedules in MongoDB. A schedule and the event of its change share one transaction. */
export function createMongoSchedules({ mongo, collections, outbox }: Dependencies): Schedules {
  const { schedules } = collections
  return {
    async all() {
      return (await schedules.find({}).sort({ _id: 1 }).limit(READ_MAX).toArray()).map(toSchedule)
    },
    transact: (work) =>
      inTransaction(mongo, (session) =>
        work({
          async find(name) {
            const found = await schedules.findOne({ _id: name }, { session })
            return found && toSchedule(found)
          },
          async count() {
            const ids = schedules
              .find({}, { session, projection: { _id: 1 } })
              .sort({ _id: 1 })
              .limit(READ_MAX)
            return (await ids.toArray()).length
          },
          async put({ name, ...schedule }) {
            await schedules.updateOne({ _id: name }, { $set: schedule }, { session, upsert: schedule.version === 1 })
          },
          addEvents: (events) => outbox.add(events, session),
        }),
      ),
    async advance({ name, revision }, progress) {
      const next = { ...progress, revision: revision + 1 }
      const found = await schedules.findOneAndUpdate(
        { _id: name, revision },
        { $set: next },
        { returnDocument: 'after' },
      )
      return found && toSchedule(found)
    },
  }
}

function toSchedule({ _id, ...rest }: ScheduleDocument): Schedule {
  return { name: _id, ...rest }
}
