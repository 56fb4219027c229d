/**
 * Puts customers and transactions from a JSON file into the database; those that are there already stay as they are.
 * Usage: node issues-service/src/seed.ts <file>
 */
import { readFile } from 'node:fs/promises'
import { configOrExit, readEnvironment } from '@redress/shared/process/config.ts'
import { readMasterKey } from '@redress/shared/stores/encryption.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { type } from 'arktype'
import { SampleData } from './inbound/sample-data.ts'
import { collectionsOf, prepareCollections } from './outbound/documents.ts'
import { createMongoSeeding } from './outbound/mongo-seeding.ts'

const Environment = type({
  MONGODB_URI: 'string.url',
  ISSUES_DATABASE: "string > 0 = 'redress_issues'",
  ENCRYPTION_KEY: /^[0-9a-fA-F]{64}$/,
})

const config = configOrExit((environment) => readEnvironment(Environment, environment))
const sample = SampleData.assert(JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')))

await using resources = new AsyncDisposableStack()
const mongo = await connectMongo(config.MONGODB_URI, 'seed')
resources.defer(() => mongo.close())
const collections = collectionsOf(mongo.db(config.ISSUES_DATABASE))
await prepareCollections(collections)

await createMongoSeeding(collections, readMasterKey(config.ENCRYPTION_KEY))(sample, new Date())
