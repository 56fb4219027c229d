import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import type { Revocations, RevocationsTransaction } from '../use-cases/ports.ts'
import { recordEvents } from '../use-cases/record-events.ts'
import { type Collections, toRevocation } from './collections.ts'
import { createMongoChainWriters } from './mongo-chain.ts'

const READ_MAX = 10_000

type Options = Readonly<{ mongo: MongoClient; collections: Collections }>

/** Revocations of tokens in MongoDB. A revocation and its entry in the chain are one transaction. */
export function createMongoRevocations({ mongo, collections }: Options): Revocations {
  return {
    async since(moment) {
      const found = collections.revocations.find({ revokedAt: { $gte: moment } })
      return (await found.sort({ revokedAt: -1 }).limit(READ_MAX).toArray()).map(toRevocation)
    },
    transact: (work) => inTransaction(mongo, (session) => work(createTransaction(collections, session))),
  }
}

function createTransaction(collections: Collections, session: ClientSession): RevocationsTransaction {
  const chain = createMongoChainWriters(collections)(session)
  return {
    async find(id) {
      const found = await collections.revocations.findOne({ _id: id }, { session })
      return found && toRevocation(found)
    },
    async save({ revocation: { id, ...rest }, event }) {
      await collections.revocations.updateOne({ _id: id }, { $set: rest }, { session, upsert: true })
      await recordEvents([event], chain)
    },
  }
}
