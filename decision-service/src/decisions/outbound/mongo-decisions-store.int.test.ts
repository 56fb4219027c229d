import { type DecisionCase, DecisionFailed, DecisionMade, DecisionStarted } from '@redress/shared/contracts.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { NOW, newCase, openService, UNDECIDED, VERDICT } from '../../../test/service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const { accept, collections, decideIssue, eventsOf, jobOf, review, views } = service

const accepted = async () => (await accept(newCase()))[0]!
const typesOf = async (jobId: string) => (await eventsOf(jobId)).map(({ type }) => type)
const decisionsOf = async (issueId: string) => (await views.decisionsOf([issueId]))[0]!

describe('a case', () => {
  it('becomes a stored job with the id of its event', async () => {
    const one = newCase()

    await accept(one)

    expect(await jobOf(`decide-${one.eventId}`)).toEqual({
      _id: `decide-${one.eventId}`,
      case: one.case,
      tenant: 'default',
      requestId: 'req-1',
      status: 'PENDING',
      createdAt: NOW,
      updatedAt: NOW,
    })
  })
})

describe('a job', () => {
  it('that is decided leaves the decision, its way, and two events in order', async () => {
    const job = await accepted()

    await decideIssue.decide(job.id)

    expect(await jobOf(job.id)).toMatchObject({ status: 'COMPLETED', startedAt: NOW, endedAt: expect.any(Date) })
    const [decision] = await decisionsOf(job.case.issueId)
    expect(decision).toMatchObject({ ...VERDICT, routing: 'AUTO_RESOLVE', jobId: job.id, review: null, trace: [{}] })
    const [started, made] = await eventsOf(job.id)
    expect(DecisionStarted.assert(started?.data)).toEqual({ issueId: job.case.issueId })
    expect(DecisionMade.assert(made?.data)).toEqual({
      issueId: job.case.issueId,
      decisionId: decision!.id,
      action: 'APPROVE_REFUND',
      confidence: 91,
      routing: 'AUTO_RESOLVE',
      policyApplied: 'R1',
    })
    expect(made).toMatchObject({ type: 'decision.made', actor: 'redress:worker', requestId: 'req-1' })
  })

  it('has events that are each later than the one before, though the clock stands still', async () => {
    const [decided, given] = [await accepted(), await accepted()]

    await decideIssue.decide(decided.id)
    await openService({ mongo, db, evaluate: () => Promise.reject(new Error('no')) }).then((other) =>
      other.decideIssue.decide(given.id).catch(() => {}),
    )
    await decideIssue.giveUp(given.id, UNDECIDED)

    expect(await typesOf(decided.id)).toEqual(['decision.started', 'decision.made'])
    expect(await typesOf(given.id)).toEqual(['decision.started', 'decision.failed'])
    for (const id of [decided.id, given.id]) {
      const [first, second] = (await eventsOf(id)).map(({ at }) => at)
      expect(second! > first!).toBe(true)
    }
  })

  it('that is worked on twice is decided once', async () => {
    const job = await accepted()

    await decideIssue.decide(job.id)
    await decideIssue.decide(job.id)

    expect(await decisionsOf(job.case.issueId)).toHaveLength(1)
    expect(await typesOf(job.id)).toEqual(['decision.started', 'decision.made'])
  })

  it('that many workers take at the same moment is decided once', async () => {
    const job = await accepted()
    const workers = await Promise.all(Array.from({ length: 4 }, () => openService({ mongo, db })))

    await Promise.all(workers.flatMap((worker) => [worker, worker].map((one) => one.decideIssue.decide(job.id))))

    expect(await decisionsOf(job.case.issueId)).toHaveLength(1)
    expect(await typesOf(job.id)).toEqual(['decision.started', 'decision.made'])
  })

  it('that is tried again says only once that it was begun', async () => {
    const job = await accepted()
    const broken = await openService({ mongo, db, evaluate: () => Promise.reject(new Error('no model')) })

    await expect(broken.decideIssue.decide(job.id)).rejects.toThrow('no model')
    await decideIssue.decide(job.id)

    expect(await typesOf(job.id)).toEqual(['decision.started', 'decision.made'])
  })

  it('that is given up has failed, and says so once', async () => {
    const job = await accepted()

    await decideIssue.giveUp(job.id, UNDECIDED)
    await decideIssue.giveUp(job.id, { failure: { ...UNDECIDED.failure, message: 'Once more.' } })

    expect(await jobOf(job.id)).toMatchObject({
      status: 'FAILED',
      failure: 'JOB_CRASHED: It ended its workers.',
      endedAt: expect.any(Date),
    })
    const events = await eventsOf(job.id)
    expect(events.map(({ data }) => DecisionFailed.assert(data))).toEqual([
      { issueId: job.case.issueId, reason: 'JOB_CRASHED: It ended its workers.' },
    ])
  })

  it('that was decided cannot be given up', async () => {
    const job = await accepted()
    await decideIssue.decide(job.id)

    await decideIssue.giveUp(job.id, UNDECIDED)

    expect(await jobOf(job.id)).toMatchObject({ status: 'COMPLETED' })
    expect(await typesOf(job.id)).toEqual(['decision.started', 'decision.made'])
  })

  it('that was given up is not decided afterwards', async () => {
    const job = await accepted()
    await decideIssue.giveUp(job.id, UNDECIDED)

    await decideIssue.decide(job.id)

    expect(await decisionsOf(job.case.issueId)).toEqual([])
    expect(await typesOf(job.id)).toEqual(['decision.failed'])
  })

  it('without a stored record is refused, and the others are decided', async () => {
    const job = await accepted()

    const outcomes = await Promise.allSettled([decideIssue.decide(job.id), decideIssue.decide('decide-nothing')])

    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'JOB_NOT_FOUND' } }])
    expect(await decisionsOf(job.case.issueId)).toHaveLength(1)
  })

  it.for([
    [91, 'AUTO_RESOLVE'],
    [80, 'AUTO_RESOLVE'],
    [79, 'HUMAN_REVIEW'],
    [70, 'HUMAN_REVIEW'],
    [69, 'ESCALATE'],
  ] as const)('whose verdict has the confidence %i is routed to %s', async ([confidence, routing]) => {
    const sure = await openService({ mongo, db, evaluate: () => ({ ...VERDICT, confidence }) })
    const job = await accepted()

    await sure.decideIssue.decide(job.id)

    expect(await decisionsOf(job.case.issueId)).toMatchObject([{ confidence, routing }])
  })
})

describe('a job that is decided at once', async () => {
  const atOnce = await openService({ mongo, db, announcesStart: false })

  it('leaves the decision and one event, which says when the job was begun', async () => {
    const job = await accepted()

    await atOnce.decideIssue.decide(job.id)
    await atOnce.decideIssue.decide(job.id)

    expect(await jobOf(job.id)).toMatchObject({ status: 'COMPLETED', startedAt: NOW, endedAt: expect.any(Date) })
    expect(await decisionsOf(job.case.issueId)).toMatchObject([{ ...VERDICT, jobId: job.id, trace: [{}] }])
    expect(await eventsOf(job.id)).toMatchObject([
      { type: 'decision.made', data: { action: 'APPROVE_REFUND', startedAt: NOW.toISOString() } },
    ])
  })

  it('is decided once, though many workers take it at the same moment', async () => {
    const job = await accepted()
    const workers = await Promise.all(
      Array.from({ length: 4 }, () => openService({ mongo, db, announcesStart: false })),
    )

    await Promise.all(workers.flatMap((worker) => [worker, worker].map((one) => one.decideIssue.decide(job.id))))

    expect(await decisionsOf(job.case.issueId)).toHaveLength(1)
    expect(await typesOf(job.id)).toEqual(['decision.made'])
  })

  it('fails alone where it cannot be decided, and stays open', async () => {
    const [broken, good] = [await accepted(), await accepted()]
    const evaluate = (decisionCase: DecisionCase) => {
      if (decisionCase.issueId === broken.case.issueId) throw new Error('no policy')
      return VERDICT
    }
    const { decideIssue } = await openService({ mongo, db, announcesStart: false, evaluate })

    // The first one is under way alone; the others share the next transaction.
    const outcomes = await Promise.allSettled([
      decideIssue.decide((await accepted()).id),
      decideIssue.decide(broken.id),
      decideIssue.decide('decide-nothing'),
      decideIssue.decide(good.id),
    ])

    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { reason: { message: 'no policy' } },
      { reason: { code: 'JOB_NOT_FOUND' } },
      { status: 'fulfilled' },
    ])
    expect(await jobOf(broken.id)).toMatchObject({ status: 'PENDING' })
    expect(await typesOf(good.id)).toEqual(['decision.made'])
  })

  it('whose start an earlier version announced is decided all the same', async () => {
    const job = await accepted()
    const slow = await openService({ mongo, db, evaluate: () => Promise.reject(new Error('no model')) })
    await slow.decideIssue.decide(job.id).catch(() => {})

    await atOnce.decideIssue.decide(job.id)

    expect(await typesOf(job.id)).toEqual(['decision.started', 'decision.made'])
  })
})

describe('a review', () => {
  it('is written down beside the decision, with how it stands to it', async () => {
    const job = await accepted()
    await decideIssue.decide(job.id)
    const [decision] = await decisionsOf(job.case.issueId)
    const at = new Date('2030-06-15T13:00:00Z')

    await review(
      { decisionId: decision!.id, action: 'DENY_REFUND', reviewer: 'rhea', tenant: 'default', requestId: null, at },
      { decisionId: 'dec_of_nobody', action: 'DENY_REFUND', reviewer: 'rhea', tenant: 'default', requestId: null, at },
    )

    expect((await views.findDecisions([decision!.id, 'dec_of_nobody'])).map((one) => one?.review)).toEqual([
      { action: 'DENY_REFUND', agreement: 'REJECTED', reviewer: 'rhea', at },
      undefined,
    ])
  })
})

describe('the decisions of an issue', () => {
  it('are those of each time it was tried, oldest first, for many issues in one read', async () => {
    const one = newCase()
    const again = { ...one, eventId: `${one.case.issueId}-4` }
    const [first, second] = await accept(one, again)
    const other = await accepted()
    const later = await openService({ mongo, db, now: () => new Date(NOW.getTime() + 60_000) })

    await decideIssue.decide(first!.id)
    await later.decideIssue.decide(second!.id)
    await decideIssue.decide(other.id)

    const found = await views.decisionsOf([other.case.issueId, 'iss_none', one.case.issueId])
    expect(found.map((decisions) => decisions.map(({ jobId }) => jobId))).toEqual([
      [other.id],
      [],
      [first!.id, second!.id],
    ])
  })
})

it('every job is stored until it has ended', async () => {
  const job = await accepted()

  await decideIssue.decide(job.id)

  expect(await collections.jobs.findOne({ _id: job.id })).toHaveProperty('endedAt')
})
