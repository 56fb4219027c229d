import { setTimeout as pause } from 'node:timers/promises'
import { type Db, MongoClient } from 'mongodb'
import type { System } from '../system/system.ts'

const RETRY_MS = 500

type Options = Readonly<{ database: string; attempts: number; signal: AbortSignal }>

/**
 * Repeats `use` until it succeeds: the database may be away. Null where no attempt did; an attempt without an answer may
 * have taken effect.
 */
export async function withDatabase<T>(
  { stack }: System,
  { database, attempts, signal }: Options,
  use: (db: Db, mongo: MongoClient) => Promise<T>,
): Promise<T | null> {
  const { MONGODB_URI = '' } = stack.environmentOf('issues')
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mongo = new MongoClient(MONGODB_URI, { serverSelectionTimeoutMS: RETRY_MS })
    try {
      return await use(mongo.db(database), mongo)
    } catch {
      await pause(RETRY_MS, null, { signal })
    } finally {
      await mongo.close()
    }
  }
  return null
}
