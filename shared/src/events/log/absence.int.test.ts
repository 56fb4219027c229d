import { beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../testing/stores.ts'
import { STREAMS } from '../envelope.ts'
import { outboxCollection, prepareOutbox } from '../outbox.ts'
import { createReportAbsence } from './absence.ts'
import { groupCollection, registerGroups } from './group-positions.ts'
import { createKeepReports } from './keep-reports.ts'
import type { Report } from './reports.ts'

const { mongo, db } = await openTestDatabase()
const stream = STREAMS.issues
const at = (minute: number) => new Date(Date.parse('2030-01-01T00:00:00Z') + minute * 60_000)
const report = (sequence: number, beat: string): Report => ({ epoch: 'e', sequence, beat })
const raised = async () =>
  (await outboxCollection(db).find().toArray()).map(({ events }) => JSON.parse(events[0]!).data.message as string)

beforeEach(async () => {
  await prepareOutbox(db)
  await groupCollection(db).deleteMany({ _id: { $gte: '' } })
  await outboxCollection(db).deleteMany({ _id: { $gte: '' } })
})

describe('a group', () => {
  it('that does not report for longer than the time set is named by one alert for each absence', async () => {
    const open = () => createReportAbsence({ mongo, db, stream, goneAfterMs: 10 * 60_000 })
    const [reportAbsence, nextLeader] = [open(), open()]
    await registerGroups(db, stream, at(0))
    await groupCollection(db).updateOne({ _id: 'audit' }, { $set: { reportedAt: at(9) } })

    await reportAbsence(at(10))
    expect(await raised()).toEqual([])
    await reportAbsence(at(11))
    await reportAbsence(at(12))
    await nextLeader(at(12))
    const first = await raised()
    await outboxCollection(db).deleteMany({ _id: { $gte: '' } })
    await nextLeader(at(13))
    const afterPublication = await raised()
    await groupCollection(db).updateOne({ _id: 'decisions' }, { $set: { reportedAt: at(14) } })
    await nextLeader(at(30))

    expect(first).toEqual(['The group decisions has not read events:issues since 2030-01-01T00:00:00.000Z.'])
    expect(afterPublication).toEqual([])
    expect((await raised()).sort()).toEqual([
      'The group audit has not read events:issues since 2030-01-01T00:09:00.000Z.',
      'The group decisions has not read events:issues since 2030-01-01T00:14:00.000Z.',
    ])
  })

  it('is there as long as it reports, and not where only its last report is left in Redis', async () => {
    const clock = { ms: 0 }
    const keepReports = createKeepReports({ db, monotonicMs: () => clock.ms })
    await keepReports(
      new Map([
        ['idle', report(3, 'a')],
        ['gone', report(3, 'a')],
      ]),
      at(0),
    )
    await keepReports(
      new Map([
        ['idle', report(3, 'b')],
        ['gone', report(3, 'b')],
      ]),
      at(1),
    )

    clock.ms = 60_000
    await keepReports(
      new Map([
        ['idle', report(3, 'c')],
        ['gone', report(3, 'b')],
      ]),
      at(2),
    )

    expect(await groupCollection(db).find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 'gone', epoch: 'e', sequence: 3, reportedAt: at(1) },
      { _id: 'idle', epoch: 'e', sequence: 3, reportedAt: at(2) },
    ])
  })
})
