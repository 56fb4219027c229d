import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { startDevdb } from './server.ts'

const log = (level: number, msg: string, facts: object = {}) =>
  process.stdout.write(`${JSON.stringify({ level, time: Date.now(), service: 'devdb', ...facts, msg })}\n`)

const { DEVDB_PATH, DEVDB_PORT = '0', DEVDB_REFUSE_SCANS } = process.env
if (!DEVDB_PATH || !/^\d+$/.test(DEVDB_PORT)) {
  process.stderr.write('DEVDB_PATH must be a file to keep the data in, DEVDB_PORT a port or 0.\n')
  process.exit(78)
}

const devdb = await startDevdb({
  path: DEVDB_PATH,
  port: Number(DEVDB_PORT),
  refuseScans: DEVDB_REFUSE_SCANS === 'true',
}).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
log(30, 'development database ready: for one machine, never for production', { uri: devdb.uri })
announceReady(devdb.uri)
log(30, 'stopping', { signal: await untilStopped() })
await devdb.close()
