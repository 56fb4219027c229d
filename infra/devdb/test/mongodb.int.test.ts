import { MongoClient } from 'mongodb'
import { describe } from 'vitest'
import { describeStore } from './store-contract.ts'

const uri = process.env.MONGODB_TEST_URI

/** A green run against the development database alone does not prove production. */
describe.skipIf(!uri)('where MONGODB_TEST_URI names one', () => {
  describeStore('MongoDB itself', () => MongoClient.connect(uri!))
})
