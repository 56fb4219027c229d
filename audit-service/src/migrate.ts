import { configOrExit } from '@redress/shared/process/config.ts'
import { migrateDatabase } from '@redress/shared/service/migrate-database.ts'
import { readDatabaseConfig } from './config.ts'
import { DATABASE } from './outbound/database.ts'

await migrateDatabase({ ...configOrExit(readDatabaseConfig), service: 'audit' }, DATABASE)
