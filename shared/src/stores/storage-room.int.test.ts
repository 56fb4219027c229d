import { describe, expect, it, onTestFinished } from 'vitest'
import { createMetrics } from '../telemetry/metrics.ts'
import { openTestDatabase, silent } from '../testing/stores.ts'
import { watchStorageRoom } from './storage-room.ts'

const { db } = await openTestDatabase()

function watch(freeMinPercent: number) {
  const metrics = createMetrics({ token: null })
  const warnings: string[] = []
  const logger = silent.child({}, { level: 'warn' })
  logger.warn = ((_: unknown, message: string) => void warnings.push(message)) as typeof logger.warn
  const room = watchStorageRoom({ db, metrics, logger, freeMinPercent })
  onTestFinished(() => room.stop())
  return { ...room, metrics, warnings }
}

describe('the room on the disk of the database', () => {
  it('is enough where more than the minimum is free, and a metric', async () => {
    const { hasRoom, metrics, warnings } = watch(0)

    expect(await hasRoom()).toBe(true)

    const text = await metrics.registry.getSingleMetricAsString('mongodb_storage_free_bytes')
    expect(Number(/^mongodb_storage_free_bytes (\d\S*)$/m.exec(text)?.[1])).toBeGreaterThan(0)
    expect(warnings).toEqual([])
  })

  it('is too little below the minimum: the check fails, and one warning says so', async () => {
    const { hasRoom, measureNow, warnings } = watch(100)

    const first = await hasRoom()
    await measureNow()

    expect([first, await hasRoom()]).toEqual([false, false])
    expect(warnings).toEqual(['the disk of the database is nearly full'])
  })
})
