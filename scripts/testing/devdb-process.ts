import { startDevdb } from '@redress/devdb/server.ts'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'

/** The database of a test run, in a process and so on a core of its own. A scan without an index is a bug of ours. */
const devdb = await startDevdb({ path: process.env.DEVDB_PATH!, refuseScans: true })
announceReady(devdb.uri)
await untilStopped()
await devdb.close()
