import { newEvent } from '@redress/shared/events/catalogue.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { ADA, caseIn, made, NOW, openIssue, openService, refundInput, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
let clock = NOW
const service = await openService({ mongo, db, now: () => clock })
const { archive, archiveStore, collections } = service
const { issues, archivedIssues, archiveRuns } = collections
const url = await serveService(service)
const [operator, admin, reader, grace] = [
  await tokenOf(withRole('operator')),
  await tokenOf(withRole('admin')),
  await tokenOf(withRole('read_only')),
  await tokenOf({ ...withRole('customer'), customerId: 'cust_1' }),
]
const signal = new AbortController().signal
/** Events of one entity are a millisecond apart at least. */
const days = (count: number, ms = 0) => new Date(NOW.getTime() + count * DAY_MS + ms)
const request = (olderThanDays = 30, purgeAfterDays: number | null = null) =>
  archive.request({ olderThanDays, purgeAfterDays, reason: 'a test', cause: ADA })

/** A resolved issue; about no payment, so that none is refunded. */
async function resolved(change: Parameters<typeof openIssue>[1] = {}) {
  const issue = await openIssue(service, { transactionId: null, ...change })
  await service.followDecisions([made(issue.id)])
  return issue.id
}
const idsIn = async (collection: typeof issues) =>
  (await collection.find({}).sort({ _id: 1 }).toArray()).map(({ _id }) => _id)

beforeEach(async () => {
  clock = NOW
  await Promise.all([issues, archivedIssues, archiveRuns].map((collection) => collection.deleteMany({})))
})

describe('a run of the archive', () => {
  it('moves what was resolved long enough ago, and nothing else', async () => {
    const old = await resolved()
    const open = await openIssue(service, { transactionId: null })
    clock = days(10)
    const recent = await resolved()
    clock = days(31)

    await request()
    const [run] = await archive.work(signal)

    expect(await idsIn(issues)).toEqual([open.id, recent].sort())
    expect(await idsIn(archivedIssues)).toEqual([old])
    expect(run).toMatchObject({ status: 'COMPLETED', moved: 1, purged: 0, requestedBy: 'ada', endedAt: days(31, 1) })
    expect((await service.eventsOf(run!.id)).map(({ type, actor, data }) => ({ type, actor, data }))).toEqual([
      {
        type: 'archive.requested',
        actor: 'ada',
        data: { movesBefore: days(1).toISOString(), purgesBefore: null, reason: 'a test' },
      },
      { type: 'archive.completed', actor: 'redress:issues', data: { moved: 1, purged: 0 } },
    ])
  })

  it('deletes archived issues for good after their time, with their notes', async () => {
    const noteOn = (issueId: string) =>
      service.addNote({ issueId, text: 'called', attachments: [], idempotencyKey: 'k1', cause: ADA })
    const first = await resolved()
    await noteOn(first)
    clock = days(31)
    await request()
    await archive.work(signal)
    const second = await resolved()
    const { id: kept } = await noteOn(second)
    clock = days(731)

    await request(30, 730)
    const [run] = await archive.work(signal)

    expect(run).toMatchObject({ moved: 1, purged: 1 })
    expect(await idsIn(archivedIssues)).toEqual([second])
    expect(await service.views.findIssues([first, second])).toMatchObject([null, { id: second }])
    // As a decision refers to it, which is kept.
    const representations = [first, second].map((id) => ({ __typename: 'Issue', id }))
    const { data, errors } = await ask(url, {
      query: 'query ($all: [_Any!]!) { _entities(representations: $all) { ... on Issue { id status } } }',
      ...{ variables: { all: representations }, token: reader },
    })
    expect(data).toEqual({ _entities: [null, { id: second, status: 'RESOLVED' }] })
    expect(errors).toMatchObject([{ path: ['_entities', 0], extensions: { code: 'ISSUE_NOT_FOUND' } }])
    const notes = await service.collections.notes.find({ issueId: { $in: [first, second] } }).toArray()
    expect(notes.map(({ _id }) => _id)).toEqual([kept])
  })

  it('that is stopped at any page loses and repeats nothing', async () => {
    const all = [...Array(5)].map(() => resolved())
    const ids = (await Promise.all(all)).sort()
    clock = days(31)
    const { id } = await request()
    const run = (await archiveStore.find(id))!

    let after: Parameters<typeof archiveStore.movePage>[1]['after'] = null
    for (const limit of [2, 1]) {
      after = await archiveStore.movePage(run, { tenant: 'default', after, limit, now: clock })
      const both = [...(await idsIn(issues)), ...(await idsIn(archivedIssues))].sort()
      expect(both).toEqual(ids)
    }
    // Another process goes on from the beginning.
    const [ended] = await archive.work(signal)

    expect(await idsIn(archivedIssues)).toEqual(ids)
    expect(ended).toMatchObject({ moved: 5 })
  })

  it('that two processes work on moves each issue once', async () => {
    await Promise.all([...Array(6)].map(() => resolved()))
    clock = days(31)
    const { id } = await request()

    await Promise.all([archive.work(signal), archive.work(signal)])

    expect(await archiveStore.find(id)).toMatchObject({ status: 'COMPLETED', moved: 6 })
    expect(await archivedIssues.countDocuments({})).toBe(6)
    expect(await service.eventsOf(id)).toHaveLength(2)
  })

  it('is opened once for a job whose event comes twice', async () => {
    const due = newEvent('archive.due', {
      ...{ id: 'job_1-archive', at: NOW, cause: ADA, entity: { type: 'Job', id: 'job_1' } },
      data: { olderThanDays: 30, purgeAfterDays: 730 },
    })

    await inTransaction(mongo, (session) => service.followArchiveJobs([due], session))
    await inTransaction(mongo, (session) => service.followArchiveJobs([due], session))

    expect(await archiveRuns.find({}).toArray()).toMatchObject([
      { _id: 'job_1', status: 'RUNNING', movesBefore: days(-30), purgesBefore: days(-730), requestedBy: 'ada' },
    ])
    expect(await service.eventsOf('job_1')).toHaveLength(1)
  })
})

describe('an archived issue', () => {
  /** Archived, while time goes on. */
  async function archived(change: Parameters<typeof openIssue>[1] = {}) {
    const id = await resolved(change)
    clock = new Date(clock.getTime() + 31 * DAY_MS)
    await request()
    await archive.work(signal)
    return id
  }

  it('is found by its id and in the list of the archive, and in no other list', async () => {
    const id = await archived({ customerId: 'cust_2' })

    const { data } = await ask(url, {
      query: `query ($id: ID!) {
        issue(id: $id) { id status archivedAt }
        issues { nodes { id } }
        archivedIssues(filter: { customerId: "cust_2", type: [REFUND_REQUEST] }) { totalCount nodes { id archivedAt } }
        others: archivedIssues(filter: { customerId: "cust_1" }) { totalCount }
        customer(id: "cust_2") { issues { nodes { id } } } }`,
      variables: { id },
      token: reader,
    })

    const archivedAt = days(31).toISOString()
    expect(data).toEqual({
      issue: { id, status: 'RESOLVED', archivedAt },
      issues: { nodes: [] },
      archivedIssues: { totalCount: 1, nodes: [{ id, archivedAt }] },
      others: { totalCount: 0 },
      customer: { issues: { nodes: [] } },
    })
  })

  it('of another customer is not seen by a customer', async () => {
    const id = await archived({ customerId: 'cust_2' })

    const { data } = await ask(url, {
      query: 'query ($id: ID!) { issue(id: $id) { id } archivedIssues { nodes { id } } }',
      variables: { id },
      token: grace,
    })

    expect(data).toEqual({ issue: null, archivedIssues: { nodes: [] } })
  })

  it('is still the result of its idempotency key', async () => {
    const input = refundInput({ transactionId: null })
    const [first] = await service.createIssues([{ input, cause: ADA }])
    await service.followDecisions([made((first as { id: string }).id)])
    clock = days(31)
    await request()
    await archive.work(signal)

    const [again] = await service.createIssues([{ input, cause: ADA }])

    expect(again).toMatchObject({ id: (first as { id: string }).id, archivedAt: days(31) })
    expect(await issues.countDocuments({})).toBe(0)
  })

  it('cannot be retried, as any other that is resolved', async () => {
    const id = await archived()

    await expect(service.retryIssue({ issueId: id, cause: ADA })).rejects.toMatchObject({ code: 'INVALID_TRANSITION' })
  })

  it('counts in the history of its customer', async () => {
    await archived()
    await resolved()

    const { id } = await openIssue(service, { transactionId: null })

    const [event] = await service.eventsOf(id)
    expect(caseIn(event).customer.recentIssues).toMatchObject({ REFUND_REQUEST: 2 })
  })
})

describe('archiveIssues', () => {
  const ARCHIVE = `mutation ($input: ArchiveIssuesInput!) { archiveIssues(input: $input) {
    toMove toPurge run { id status moved } } }`
  const order = (input: object, token = operator) => ask(url, { query: ARCHIVE, variables: { input }, token })

  it('counts only in a dry run, and works in the background without', async () => {
    await resolved()
    clock = days(31)

    const dry = await order({ dryRun: true, reason: 'to see' })
    const real = await order({ reason: 'it is time' })
    await archive.work(signal)

    expect(dry.data.archiveIssues).toEqual({ toMove: 1, toPurge: 0, run: null })
    const { run } = real.data.archiveIssues
    expect(run).toMatchObject({ status: 'RUNNING', moved: 0 })
    const { data } = await ask(url, {
      query: `query ($id: ID!) {
        archiveRun(id: $id) { status moved endedAt } archiveStatistics { live archived oldestResolvedAt } }`,
      variables: { id: run.id },
      token: operator,
    })
    expect(data).toEqual({
      archiveRun: { status: 'COMPLETED', moved: 1, endedAt: days(31, 1).toISOString() },
      archiveStatistics: { live: 0, archived: 1, oldestResolvedAt: days(0, 2).toISOString() },
    })
  })

  it('deletes for an admin only', async () => {
    const input = { purgeAfterDays: 730, reason: 'policy' }

    expect((await order(input)).errors[0]!.extensions.code).toBe('FORBIDDEN')
    expect((await order(input, admin)).data.archiveIssues.run).toMatchObject({ status: 'RUNNING' })
  })

  it.for<[string, object, readonly string[]]>([
    ['days below 1', { olderThanDays: 0 }, ['input', 'olderThanDays']],
    ['a purge before the move', { olderThanDays: 30, purgeAfterDays: 30 }, ['input', 'purgeAfterDays']],
    ['an endless reason', { reason: 'x'.repeat(501) }, ['input', 'reason']],
  ])('refuses %s, and begins nothing', async ([, change, path]) => {
    const { errors } = await order({ reason: 'why', ...change }, admin)

    expect(errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argumentPath: path })
    expect(await archiveRuns.countDocuments({})).toBe(0)
  })
})
