import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, Collection, MongoClient } from 'mongodb'
import type { Autonomy } from './autonomy.ts'
import type { AutonomyStore, AutonomyTransaction, AutonomyViews } from './ports.ts'

export type AutonomyDocument = Omit<Autonomy, 'id'> & { _id: string }
export type AutonomyCollections = Readonly<{ autonomy: Collection<AutonomyDocument> }>

const SHOWN_MAX = 200

type Dependencies = Readonly<{ mongo: MongoClient; autonomy: Collection<AutonomyDocument>; outbox: Outbox }>

export function createMongoAutonomyStore({ mongo, autonomy, outbox }: Dependencies): AutonomyStore {
  return {
    transact: (work) => inTransaction(mongo, (session) => work(createAutonomyTransaction(autonomy, outbox, session))),
  }
}

/** The same, within the caller's transaction. */
export function createAutonomyTransaction(
  autonomy: Collection<AutonomyDocument>,
  outbox: Outbox,
  session: ClientSession,
): AutonomyTransaction {
  return {
    async findAutonomy(ids) {
      const found = await autonomy.find({ _id: { $in: [...ids] } }, { session }).toArray()
      return new Map(found.map((document) => [document._id, toAutonomy(document)]))
    },
    async saveAutonomy(saved) {
      const updates = saved.map(({ id, ...rest }) => ({
        updateOne: { filter: { _id: id }, update: { $set: rest }, upsert: true },
      }))
      await autonomy.bulkWrite(updates, { session, ordered: false })
    },
    addEvents: (events) => outbox.add(events, session),
  }
}

export function createMongoAutonomyViews(autonomy: Collection<AutonomyDocument>): AutonomyViews {
  return {
    async all() {
      const found = await autonomy.find().sort({ suspended: -1, updatedAt: -1 }).limit(SHOWN_MAX).toArray()
      return found.map(toAutonomy)
    },
  }
}

function toAutonomy({ _id, ...rest }: AutonomyDocument): Autonomy {
  return { id: _id, ...rest }
}
