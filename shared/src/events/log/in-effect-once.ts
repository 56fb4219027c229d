import type { ClientSession, MongoClient } from 'mongodb'
import { inTransaction, isDuplicateKey } from '../../stores/mongo.ts'

/**
 * Some event has its effect already, as where the log was restored from an older copy: effects that are there must be
 * left out. Asked for only after a duplicate key, so that events that come once, as nearly all do, need no look-up.
 */
export type Repetition = Readonly<{ isRepeat: boolean }>

type Write<T> = (session: ClientSession, how: Repetition) => Promise<T>

/** One transaction, and where a key in it is there already, another one that leaves out what is there. */
export async function inEffectOnce<T>(mongo: MongoClient, write: Write<T>): Promise<T> {
  try {
    return await inTransaction(mongo, (session) => write(session, { isRepeat: false }))
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    return inTransaction(mongo, (session) => write(session, { isRepeat: true }))
  }
}
