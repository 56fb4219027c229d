import { mock } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openService } from '../service/open-service.ts'

/** A process of a service whose client of the database fails for ever. Its watchdog sees a minute pass in a moment. */
let ms = 0
performance.now = () => ms
mock.timers.enable({ apis: ['setInterval'] })

const [mongoUri, redisUrl] = process.argv.slice(2) as [string, string]
const service = await openService('stranded', {
  mongo: { uri: mongoUri, freeMinPercent: 0 },
  events: { url: redisUrl, groupGoneAfterMs: 60_000 },
  metrics: { token: null },
  telemetry: { endpoint: null, serviceName: null },
  health: { timeoutMs: 1_000 },
  shutdown: { timeoutMs: 1_000 },
  log: { level: 'error' },
  host: '127.0.0.1',
  port: 0,
  database: 'stranded',
})
await service.mongo.close()
for (let looks = 0; looks < 100; looks++) {
  ms += 10_000
  mock.timers.tick(10_000)
  await pause(20)
}
