import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { MongoClient } from 'mongodb'
import type { RecordAtOnce } from '../use-cases/ports.ts'
import { recordNewEvents } from '../use-cases/record-events.ts'
import type { Collections } from './collections.ts'
import { createMongoChainWriters } from './mongo-chain.ts'

type Options = Readonly<{ mongo: MongoClient; collections: Collections }>

/** Records events that travel on no stream. */
export function createMongoRecord({ mongo, collections }: Options): RecordAtOnce {
  const chainIn = createMongoChainWriters(collections)
  return (events) => inTransaction(mongo, (session) => recordNewEvents(events, chainIn(session)))
}
