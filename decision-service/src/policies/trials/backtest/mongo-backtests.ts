import type { Outbox } from '@redress/shared/events/outbox.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { Collection, MongoClient } from 'mongodb'
import { createAddDeadJobs, type LetterCollections } from '../../../jobs/dead-letters/dead-jobs.ts'
import { JOBS } from '../../../jobs/frame/registry.ts'
import type { FindOverdue } from '../../../jobs/recovery/recover-jobs.ts'
import type { Backtest, BacktestStatus } from './backtest.ts'
import type { BacktestStore, PageOfBacktests } from './ports.ts'

/** `endedAt` starts the time after which it is deleted. */
export type BacktestDocument = Omit<Backtest, 'id'> & { _id: string }
export type BacktestCollection = Collection<BacktestDocument>
export type BacktestCollections = LetterCollections & Readonly<{ backtests: BacktestCollection }>

const OPEN = { $in: ['PENDING', 'RUNNING'] satisfies BacktestStatus[] }

type Dependencies = Readonly<{ mongo: MongoClient; collections: BacktestCollections; outbox: Outbox }>

export function createMongoBacktestStore({ mongo, collections, outbox }: Dependencies): BacktestStore {
  const { backtests } = collections
  const addDeadJobs = createAddDeadJobs({ collections, outbox, registry: JOBS })
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
    async end(id, ending, { event, dead, at }) {
      const progress = ending.status === 'COMPLETED' ? { progress: 1 } : {}
      const fields = { ...ending, ...progress, updatedAt: at, endedAt: at }
      await inTransaction(mongo, async (session) => {
        const { matchedCount } = await backtests.updateOne({ _id: id, status: OPEN }, { $set: fields }, { session })
        if (matchedCount === 0) return
        await outbox.add([event], session)
        if (dead !== null) await addDeadJobs([dead], at, session)
      })
    },
  }
}

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

/** Backtests for callers, newest first. */
export function createPageOfBacktests(backtests: BacktestCollection): PageOfBacktests {
  return ({ skill, status, from, to }, page) => {
    const filter = {
      ...(skill != null && { skill }),
      ...(status && { status: { $in: [...status] } }),
      // There is always a bound, so that the index by time serves what is only counted.
      createdAt: within({ from, to, after: new Date(0) })!,
    }
    return readPage({ collection: backtests, filter, order: NEWEST_FIRST, page, toNode: toBacktest })
  }
}

/** Running backtests report every second; one that waits for others stays in the queue. */
export function createFindSilent(backtests: BacktestCollection): FindOverdue<Backtest> {
  return async ({ olderThan, limit }) => {
    const silent = { status: OPEN, updatedAt: { $lt: olderThan } }
    const found = await backtests.find(silent).sort({ updatedAt: 1 }).limit(limit).toArray()
    return found.map(toBacktest)
  }
}

export function toBacktest({ _id, ...rest }: BacktestDocument): Backtest {
  return { id: _id, ...rest }
}
