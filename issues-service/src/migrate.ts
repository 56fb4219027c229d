import { configOrExit } from '@redress/shared/process/config.ts'
import { migrateDatabase } from '@redress/shared/service/migrate-database.ts'
import { readMasterKeys } from '@redress/shared/stores/encryption.ts'
import { readDatabaseConfig } from './config.ts'
import { createBlindIndex } from './customers/blind-index.ts'
import { COLLECTIONS } from './stores/collections.ts'
import { createMigrations } from './stores/migrations/migrations.ts'

const { keys, ...place } = configOrExit(readDatabaseConfig)
const [master, blindIndex] = [readMasterKeys(keys), createBlindIndex(keys.blindIndexKey)]
const migrations = createMigrations({ master, blindIndex })
await migrateDatabase({ ...place, service: 'issues' }, { definitions: COLLECTIONS, migrations })
