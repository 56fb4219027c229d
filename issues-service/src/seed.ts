/**
 * Adds the customers and transactions of a JSON file to the database. Those that exist stay as they are.
 * Usage: node issues-service/src/seed.ts <file>
 */
import { readFile } from 'node:fs/promises'
import { configOrExit, readEnvironment } from '@redress/shared/process/config.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKey } from '@redress/shared/stores/encryption.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { type } from 'arktype'
import { createBlindIndex } from './customers/blind-index.ts'
import { createMongoSeeding } from './samples/mongo-seeding.ts'
import { SampleData } from './samples/sample-data.ts'
import { COLLECTIONS } from './stores/collections.ts'

const Environment = type({
  MONGODB_URI: 'string.url',
  ISSUES_DATABASE: "string > 0 = 'redress_issues'",
  ENCRYPTION_KEY: /^[0-9a-fA-F]{64}$/,
  BLIND_INDEX_KEY: /^[0-9a-fA-F]{64}$/,
})

const config = configOrExit((environment) => readEnvironment(Environment, environment))
const sample = SampleData.assert(JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')))

await using resources = new AsyncDisposableStack()
const mongo = await connectMongo(config.MONGODB_URI, 'seed')
resources.defer(() => mongo.close())
const collections = await openCollections(mongo.db(config.ISSUES_DATABASE), COLLECTIONS)

const keys = { master: readMasterKey(config.ENCRYPTION_KEY), blindIndex: createBlindIndex(config.BLIND_INDEX_KEY) }
await createMongoSeeding(collections, keys)(sample, new Date())
