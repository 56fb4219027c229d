import { randomUUID } from 'node:crypto'
import { createLogger } from '@redress/shared/process/logger.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis } from '@redress/shared/stores/redis.ts'
import { COLLECTIONS } from '../src/outbound/collections.ts'
import { createMongoChainReader } from '../src/outbound/mongo-chain.ts'
import { createMongoRecord } from '../src/outbound/mongo-record.ts'
import { createVerifyChain } from '../src/use-cases/verify-chain.ts'

export const logger = createLogger('audit', { level: 'silent' })

/** A new database with its indexes; `drop` removes it. */
export async function openDatabase(uri: string) {
  const mongo = await connectMongo(uri, 'audit-test')
  const db = mongo.db(`audit_${randomUUID().slice(0, 8)}`)
  const collections = await openCollections(db, COLLECTIONS)
  return {
    mongo,
    db,
    collections,
    verifyChain: createVerifyChain(createMongoChainReader(collections)),
    async drop() {
      await db.dropDatabase()
      await mongo.close()
    },
  }
}
export type Database = Awaited<ReturnType<typeof openDatabase>>

/** Records events as the consumer does those that may be repeats, in one transaction. */
export async function openRecord(database: Database) {
  return createMongoRecord(database)
}

/** The logical database `number` of Redis. Streams have fixed names, so each test file needs its own. */
export async function openRedis(url: string, number: number) {
  const redis = await connectRedis(String(new URL(`/${number}`, url)), { name: 'audit-test', logger })
  await redis.flushDb()
  return redis
}
