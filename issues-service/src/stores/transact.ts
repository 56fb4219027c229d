import { inTransaction, isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, MongoClient } from 'mongodb'

/** Of two concurrent callers with one new key, the second finds what the first has stored on its next attempt. */
const ATTEMPTS = 5

/** One transaction, run again after a conflict with another writer, also of one that took the same unique key. */
export async function transactOnKeys<T>(mongo: MongoClient, work: (session: ClientSession) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(mongo, work)
    } catch (error) {
      if (!isDuplicateKey(error) || attempt === ATTEMPTS) throw error
    }
  }
}
