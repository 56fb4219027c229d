import {
  type ClientSession,
  MongoClient,
  MongoError,
  MongoInvalidArgumentError,
  MongoServerError,
  type TransactionOptions,
} from 'mongodb'
import { succeedsWithin } from '../resilience/deadline.ts'

const DUPLICATE_KEY = 11000

/**
 * Connects with the settings that all services share. Reads go to the primary: a caller must find what it has just
 * created, and transactions allow nothing else.
 */
export function connectMongo(uri: string, appName: string): Promise<MongoClient> {
  return MongoClient.connect(uri, {
    appName,
    maxPoolSize: 100,
    minPoolSize: 2,
    maxIdleTimeMS: 30_000,
    waitQueueTimeoutMS: 10_000,
    serverSelectionTimeoutMS: 10_000,
    connectTimeoutMS: 5_000,
    // A reply that does not come within this ends the connection, and the call with it.
    socketTimeoutMS: 30_000,
    readPreference: 'primary',
    writeConcern: { w: 'majority' },
    retryWrites: true,
    retryReads: true,
    // An undefined field is a field not given.
    ignoreUndefined: true,
  })
}

const TRANSACTION: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority' },
  readPreference: 'primary',
}

/**
 * Runs `work` in one transaction and returns what it returned. It may run several times (a conflict with
 * another writer repeats it), so `work` does nothing but read and write through `session`.
 */
export function inTransaction<T>(mongo: MongoClient, work: (session: ClientSession) => Promise<T>): Promise<T> {
  return mongo.withSession((session) => session.withTransaction(() => work(session), TRANSACTION))
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

/** Whether the database answers within `timeoutMs`. */
export function pingMongo(mongo: MongoClient, timeoutMs: number): Promise<boolean> {
  return succeedsWithin(timeoutMs, mongo.db('admin').command({ ping: 1 }))
}

/** Whether an error means that the database is unavailable or busy, so that the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  // The driver itself refuses the call, for example for a document that is too large, and will refuse it again.
  if (!(error instanceof MongoError) || error instanceof MongoInvalidArgumentError) return false
  if (!(error instanceof MongoServerError)) return true
  return error.hasErrorLabel('TransientTransactionError') || error.hasErrorLabel('RetryableWriteError')
}
