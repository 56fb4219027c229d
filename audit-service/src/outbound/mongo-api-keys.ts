import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import type { ApiKeys, ApiKeysTransaction } from '../use-cases/ports.ts'
import { recordEvents } from '../use-cases/record-events.ts'
import { type Collections, toApiKey } from './collections.ts'
import { createMongoChainWriters } from './mongo-chain.ts'

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

type Options = Readonly<{ mongo: MongoClient; collections: Collections }>

/** API keys in MongoDB. A change of a key and its entry in the chain are one transaction. */
export function createMongoApiKeys({ mongo, collections }: Options): ApiKeys {
  const { apiKeys } = collections
  return {
    async find(id) {
      const found = await apiKeys.findOne({ _id: id })
      return found && toApiKey(found)
    },
    page: (page) => readPage({ collection: apiKeys, filter: {}, order: NEWEST_FIRST, page, toNode: toApiKey }),
    transact: (work) => inTransaction(mongo, (session) => work(createTransaction(collections, session))),
  }
}

function createTransaction(collections: Collections, session: ClientSession): ApiKeysTransaction {
  const { apiKeys } = collections
  const chain = createMongoChainWriters(collections)(session)
  return {
    async find(id) {
      const found = await apiKeys.findOne({ _id: id }, { session })
      return found && toApiKey(found)
    },
    async save({ key: { id, ...rest }, event }) {
      await apiKeys.updateOne({ _id: id }, { $set: rest }, { session, upsert: true })
      // The leader appends too; the slower of the two runs its transaction again.
      await recordEvents([event], chain)
    },
  }
}
