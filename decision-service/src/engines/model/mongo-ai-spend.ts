import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, MongoClient } from 'mongodb'
import type { SpendStore } from './ai-spend.ts'

/** The cost of one day: `_id` is the date in UTC, `micros` are millionths of a dollar. */
export type AiSpendDocument = { _id: string; micros: number; alertedAt?: Date }
export type SpendCollections = Readonly<{ aiSpend: Collection<AiSpendDocument> }>

type Dependencies = Readonly<{ mongo: MongoClient; collections: SpendCollections; outbox: Outbox }>

/** The spending on models, in MongoDB: it must survive the loss of Redis. */
export function createMongoSpendStore({ mongo, collections, outbox }: Dependencies): SpendStore {
  const { aiSpend } = collections
  return {
    async read(date) {
      return (await aiSpend.findOne({ _id: date }))?.micros ?? 0
    },
    async add(date, micros) {
      const options = { upsert: true, returnDocument: 'after' } as const
      const after = await aiSpend.findOneAndUpdate({ _id: date }, { $inc: { micros } }, options)
      return after?.micros ?? 0
    },
    async alertOnce(date, alert, at) {
      await inTransaction(mongo, async (session) => {
        const notAlerted = { _id: date, alertedAt: { $exists: false } }
        const { modifiedCount } = await aiSpend.updateOne(notAlerted, { $set: { alertedAt: at } }, { session })
        if (modifiedCount > 0) await outbox.add([alert], session)
      })
      outbox.wake()
    },
  }
}
