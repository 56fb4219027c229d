import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { JOBS } from '../frame/registry.ts'
import { type Run, readData } from '../processors/processor.ts'
import { createAskForArchive } from './ask-for-archive.ts'

const { mongo, db } = await openTestDatabase()
await prepareOutbox(db)
const AT = new Date('2030-06-15T02:00:00Z')

it('asks once for a run of the archive, whose id is that of the job, however often the job is processed', async () => {
  const askForArchive = createAskForArchive({ mongo, outbox: createOutbox(db, () => {}), now: () => AT })
  const run = { jobId: 'job_1', actor: 'redress:schedules', requestId: null } as Run

  const first = await askForArchive({ olderThanDays: 30, purgeAfterDays: 730 }, run)
  await askForArchive({ olderThanDays: 30, purgeAfterDays: 730 }, run)

  expect(first).toEqual({ archiveRun: 'job_1' })
  expect(await outboxEvents(db)).toMatchObject([
    {
      ...{ type: 'archive.due', actor: 'redress:schedules', at: AT.toISOString() },
      ...{ entity: { type: 'Job', id: 'job_1' }, data: { olderThanDays: 30, purgeAfterDays: 730 } },
    },
  ])
})

it('refuses to delete issues before they are archived', () => {
  const read = () => readData(JOBS['archive-issues'], { olderThanDays: 30, purgeAfterDays: 30 })

  expect(read).toThrow('purgeAfterDays must be more than olderThanDays')
})
