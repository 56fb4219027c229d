import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { ADA, made, NOW, openIssue, openService, refundInput, started } from '../../../test/service.ts'
import type { Issue } from '../domain/issue.ts'

const MINUTE_MS = 60_000
const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })

/** Rounds by a clock that the test sets, in minutes after the issues began to be decided. */
function openRounds() {
  let minute = 0
  const now = () => new Date(NOW.getTime() + minute * MINUTE_MS)
  const askAgain = service.askAgain({ stuckAfterMs: 5 * MINUTE_MS, now })
  return (at: number) => {
    minute = at
    return askAgain()
  }
}
const askedOf = async (issueId: string) =>
  (await service.eventsOf(issueId)).filter(({ type }) => type === 'issue.overdue')

it('an issue that is stuck in PROCESSING is asked for again, less and less often, until its decision comes', async () => {
  const stuck = await openIssue(service, { priority: 'HIGH' })
  await service.followDecisions([started(stuck.id)])
  const round = openRounds()

  const early = [await round(4), await round(6), await round(8), await round(9)]
  let later = 0
  for (let minute = 10; minute < 120; minute++) later += await round(minute)
  await service.followDecisions([made(stuck.id)])

  expect(early).toEqual([0, 0, 1, 0])
  expect(later).toBeGreaterThanOrEqual(2)
  expect(later).toBeLessThanOrEqual(7)
  expect(await round(300)).toBe(0)
  expect((await askedOf(stuck.id))[0]).toMatchObject({
    actor: 'redress:issues',
    data: { askingEventId: `${stuck.id}-1`, case: { issueId: stuck.id, priority: 'HIGH' } },
  })
})

it('an issue in PENDING, as one whose job was lost, is asked for after a longer time', async () => {
  const [lost, decided] = [await openIssue(service), await openIssue(service)]
  const round = openRounds()

  const early = [await round(6), await round(8), await round(29), await round(31)]
  await service.followDecisions([made(decided.id)])
  const later = await round(33)

  expect([early, later]).toEqual([[0, 0, 0, 0], 1])
  expect(await askedOf(lost.id)).toMatchObject([
    { data: { askingEventId: `${lost.id}-1`, case: { issueId: lost.id } } },
  ])
  expect(await askedOf(decided.id)).toEqual([])
  await service.followDecisions([made(lost.id)])
})

it('all stuck issues are found, in pages; of those in PENDING a round asks for 200', async () => {
  const commands = Array.from({ length: 201 }, () => ({ input: refundInput(), cause: ADA }))
  const issues = (await service.createIssues(commands)) as readonly Issue[]
  const round = openRounds()
  const pending: number[] = []
  for (let minute = 31; minute < 37; minute++) pending.push(await round(minute))
  const asked = new Set(
    (await outboxEvents(db)).filter(({ type }) => type === 'issue.overdue').map(({ entity }) => entity.id),
  )
  await service.followDecisions(issues.map(({ id }) => started(id)))

  expect(pending.slice(0, 2)).toEqual([0, 200])
  expect(Math.max(...pending)).toBe(200)
  expect(issues.filter(({ id }) => !asked.has(id))).toEqual([])
  expect([await round(46), await round(48)]).toEqual([0, 201])
})
