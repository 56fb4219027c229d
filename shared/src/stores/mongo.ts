import {
  type ClientSession,
  MongoAPIError,
  MongoBulkWriteError,
  MongoClient,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerError,
  MongoTopologyClosedError,
  type TransactionOptions,
} from 'mongodb'
import { StoreUnavailableError } from '../errors.ts'
import { succeedsWithin, TimeoutError } from '../resilience/deadline.ts'

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

/** How long a transaction is repeated. The driver's two minutes would hold up all that wait for the same call. */
const REPEAT_MS = 15_000

const TRANSACTION: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority' },
  readPreference: 'primary',
}

/**
 * Runs `work` in one transaction and returns what it returned. It may run several times (a conflict with
 * another writer repeats it), so `work` does nothing but read and write through `session`.
 * @throws StoreUnavailableError if the database is away, or every run within `repeatMs` was in vain; any other error as
 * it is.
 */
export async function inTransaction<T>(
  mongo: MongoClient,
  work: (session: ClientSession) => Promise<T>,
  repeatMs: number = REPEAT_MS,
): Promise<T> {
  const endsAt = performance.now() + repeatMs
  let runs = 0
  const run = async (session: ClientSession) => {
    if (runs++ > 0 && performance.now() >= endsAt)
      throw new StoreUnavailableError({ cause: new TimeoutError(repeatMs) })
    return work(session)
  }
  try {
    return await mongo.withSession((session) => session.withTransaction(() => run(session), TRANSACTION))
  } catch (error) {
    throw isTransient(error) ? new StoreUnavailableError({ cause: error }) : error
  }
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

/** Whether the database answers within `timeoutMs`. */
export function pingMongo(mongo: MongoClient, timeoutMs: number): Promise<boolean> {
  return succeedsWithin(timeoutMs, mongo.db('admin').command({ ping: 1 }))
}

/** The only errors of the driver's API that are not mistakes in a call: the connection was lost or is being closed. */
const AWAY_IN_DRIVER = [
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
  MongoExpiredSessionError,
]

/** Server errors without a label that pass: a change of primary, a shutdown, a missed deadline, a full disk. */
const AWAY_CODES: ReadonlySet<unknown> = new Set([
  6, 7, 50, 89, 91, 112, 133, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031,
])

/** Whether an error means that the database is unavailable or busy, so that the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true
  if (!(error instanceof MongoError)) return false
  if (error instanceof MongoAPIError) return AWAY_IN_DRIVER.some((away) => error instanceof away)
  if (!(error instanceof MongoServerError)) return true
  // A bulk write gives a lost connection as its own error, which has no code, since no server has answered.
  if (error instanceof MongoBulkWriteError && error.code === undefined) return true
  const isLabelled = error.hasErrorLabel('TransientTransactionError') || error.hasErrorLabel('RetryableWriteError')
  return isLabelled || AWAY_CODES.has(error.code)
}
