import { createOutbox } from '@redress/shared/events/outbox.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import type { MongoClient } from 'mongodb'
import { createUseCases } from '../../../issues-service/src/create-use-cases.ts'
import { DUE_HOURS } from '../../../issues-service/src/issues/domain/urgency.ts'
import { openStores } from '../../../issues-service/src/stores/open-stores.ts'

const KEYS = { encryptionKey: 'ab'.repeat(32), blindIndexKey: 'cd'.repeat(32) }

let ids = 0

/** The use cases and views of the issues service on a database, without a process of its own. */
export async function openBenchService(mongo: MongoClient, database: string) {
  const now = () => new Date()
  const db = mongo.db(database)
  const logger = createLogger('bench', { level: 'silent' })
  const service = { mongo, db, logger }
  const stores = await openStores({ service, outbox: createOutbox(db, () => {}), keys: KEYS, dueHours: DUE_HOURS, now })
  const useCases = createUseCases({
    ...{ stores, dueHours: DUE_HOURS, stuckAfterMs: 60_000, now },
    createId: () => `${database}-${String(++ids).padStart(10, '0')}`,
    onCommit: () => {},
  })
  return { ...stores, useCases, db }
}
export type BenchService = Awaited<ReturnType<typeof openBenchService>>
