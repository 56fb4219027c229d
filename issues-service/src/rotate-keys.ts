import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { endWithOneLine } from '@redress/shared/process/lifecycle.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKeys } from '@redress/shared/stores/encryption.ts'
import { connectMongo, isTransient } from '@redress/shared/stores/mongo.ts'
import { readDatabaseConfig } from './config.ts'
import { rotateKeys } from './privacy/rotate-keys.ts'
import { COLLECTIONS } from './stores/collections.ts'

const { uri, database, keys } = configOrExit(readDatabaseConfig)

async function run(): Promise<number> {
  await using resources = new AsyncDisposableStack()
  const mongo = await connectMongo(uri, 'rotate-keys')
  resources.defer(() => mongo.close())
  const { dataKeys } = await openCollections(mongo.db(database), { dataKeys: COLLECTIONS.dataKeys })
  return await rotateKeys({ dataKeys, master: readMasterKeys(keys) })
}

process.exitCode = await run().catch((error: unknown) =>
  endWithOneLine(isTransient(error) ? new StoreUnavailableError({ cause: error }) : error),
)
