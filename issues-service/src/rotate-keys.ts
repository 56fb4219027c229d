import { configOrExit } from '@redress/shared/process/config.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKeys } from '@redress/shared/stores/encryption.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { readDatabaseConfig } from './config.ts'
import { rotateKeys } from './privacy/rotate-keys.ts'
import { COLLECTIONS } from './stores/collections.ts'

const { uri, database, keys } = configOrExit(readDatabaseConfig)

await using resources = new AsyncDisposableStack()
const mongo = await connectMongo(uri, 'rotate-keys')
resources.defer(() => mongo.close())
const { dataKeys } = await openCollections(mongo.db(database), { dataKeys: COLLECTIONS.dataKeys })
process.exitCode = await rotateKeys({ dataKeys, master: readMasterKeys(keys) })
