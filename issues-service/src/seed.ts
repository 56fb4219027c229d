/**
 * Adds the customers and transactions of a JSON file to the database. Those that exist stay as they are.
 * Usage: node issues-service/src/seed.ts <file> [--clear]; --clear removes them before, with all that is theirs.
 */
import { readFile } from 'node:fs/promises'
import { configOrExit } from '@redress/shared/process/config.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKeys } from '@redress/shared/stores/encryption.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { readDatabaseConfig } from './config.ts'
import { createBlindIndex } from './customers/blind-index.ts'
import { createMongoClearing } from './samples/mongo-clearing.ts'
import { createMongoSeeding } from './samples/mongo-seeding.ts'
import { SampleData } from './samples/sample-data.ts'
import { COLLECTIONS } from './stores/collections.ts'

const { uri, database, keys } = configOrExit(readDatabaseConfig)
const sample = SampleData.assert(JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')))

await using resources = new AsyncDisposableStack()
const mongo = await connectMongo(uri, 'seed')
resources.defer(() => mongo.close())
const collections = await openCollections(mongo.db(database), COLLECTIONS)

if (process.argv.includes('--clear')) await createMongoClearing(collections)(sample)
const [master, blindIndex] = [readMasterKeys(keys), createBlindIndex(keys.blindIndexKey)]
await createMongoSeeding(collections, { master, blindIndex })(sample, new Date())
