import { MongoClient } from 'mongodb'
import { describe } from 'vitest'
import { describeStore } from './store-contract.ts'

const uri = process.env.MONGODB_TEST_URI

/** The same contract against MongoDB itself, because production does not use the development database. */
describe.skipIf(!uri)('at MONGODB_TEST_URI', () => {
  describeStore('MongoDB itself', () => MongoClient.connect(uri!))
})
