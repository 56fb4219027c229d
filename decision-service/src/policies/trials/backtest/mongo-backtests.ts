import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, Db, MongoClient } from 'mongodb'
import type { Backtest, BacktestStatus } from './backtest.ts'
import type { BacktestStore } from './ports.ts'
import type { FindSilent } from './recover-backtests.ts'

/** `endedAt` starts the time after which it is deleted. */
type BacktestDocument = Omit<Backtest, 'id'> & { _id: string }
export type BacktestCollection = Collection<BacktestDocument>

const KEPT_SECONDS = 90 * 24 * 60 * 60
const OPEN = { $in: ['PENDING', 'RUNNING'] satisfies BacktestStatus[] }

export function backtestCollectionOf(db: Db): BacktestCollection {
  return db.collection<BacktestDocument>('backtests')
}

/** Creates the indexes; every query of backtests has one. */
export async function prepareBacktestCollection(backtests: BacktestCollection): Promise<void> {
  await backtests.createIndexes([
    { key: { status: 1, updatedAt: 1 }, name: 'silent_by_status' },
    { key: { endedAt: 1 }, name: 'expiry', expireAfterSeconds: KEPT_SECONDS },
  ])
}

type Dependencies = Readonly<{ mongo: MongoClient; backtests: BacktestCollection; outbox: Outbox }>

export function createMongoBacktestStore({ mongo, backtests, outbox }: Dependencies): BacktestStore {
  return {
    async find(id) {
      const found = await backtests.findOne({ _id: id })
      return found && toBacktest(found)
    },
    async add({ id, ...rest }, event) {
      await inTransaction(mongo, async (session) => {
        await backtests.insertOne({ _id: id, ...rest }, { session })
        await outbox.add([event], session)
      })
    },
    async begin(id, at) {
      const start = { $set: { status: 'RUNNING' as const, progress: 0, updatedAt: at }, $inc: { runs: 1 } }
      const begun = await backtests.findOneAndUpdate({ _id: id, status: OPEN }, start, { returnDocument: 'after' })
      return begun && toBacktest(begun)
    },
    async advance(id, progress, at) {
      const { matchedCount } = await backtests.updateOne(
        { _id: id, status: OPEN },
        { $set: { progress, updatedAt: at } },
      )
      return matchedCount === 1
    },
    async end(id, ending, event, at) {
      const progress = ending.status === 'COMPLETED' ? { progress: 1 } : {}
      const fields = { ...ending, ...progress, updatedAt: at, endedAt: at }
      await inTransaction(mongo, async (session) => {
        const { matchedCount } = await backtests.updateOne({ _id: id, status: OPEN }, { $set: fields }, { session })
        if (matchedCount === 1) await outbox.add([event], session)
      })
    },
  }
}

export function createFindSilent(backtests: BacktestCollection): FindSilent {
  return async ({ since, limit }) => {
    const silent = { status: OPEN, updatedAt: { $lt: since } }
    const found = await backtests.find(silent).sort({ updatedAt: 1 }).limit(limit).toArray()
    return found.map(toBacktest)
  }
}

function toBacktest({ _id, ...rest }: BacktestDocument): Backtest {
  return { id: _id, ...rest }
}
