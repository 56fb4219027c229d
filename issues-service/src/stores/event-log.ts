import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { MongoClient } from 'mongodb'
import type { EventLog } from '../domain/ports.ts'

/** Stores events of acts that change no entity, such as reading personal data. */
export function createEventLog(mongo: MongoClient, outbox: Outbox): EventLog {
  return {
    async record(events) {
      if (events.length === 0) return
      await inTransaction(mongo, (session) => outbox.add(events, session))
      outbox.wake()
    },
  }
}
