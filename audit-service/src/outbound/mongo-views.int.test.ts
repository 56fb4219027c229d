import type { PageArguments } from '@redress/shared/connection.ts'
import { collectionsOf } from '@redress/shared/stores/collections.ts'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest'
import { issueEvent, issueEvents } from '../../test/events.ts'
import { type Database, openDatabase, openRecord } from '../../test/stores.ts'
import type { AuditFilter, Views } from '../use-cases/ports.ts'
import { COLLECTIONS } from './collections.ts'
import { createMongoViews } from './mongo-views.ts'

let database: Database
let views: Views
beforeAll(async () => {
  database = await openDatabase(inject('mongoUri'))
  const record = await openRecord(database)
  await record([
    ...issueEvents('iss_1', 3),
    ...issueEvents('iss_2', 2),
    issueEvent('dec_1', 1, {
      type: 'decision.made',
      entity: { type: 'Decision', id: 'dec_1' },
      actor: 'redress:rules',
    }),
    issueEvent('shared_id', 1),
    issueEvent('other', 1, { type: 'customer.pii_read', entity: { type: 'Customer', id: 'shared_id' }, actor: 'bob' }),
  ])
  await record(issueEvents('iss_long', 30))
  views = createMongoViews(database.collections)
})
afterAll(() => database.drop())

/** A log that a test writes to. */
async function openOther({ onTestFinished }: TestContext) {
  const other = await openDatabase(inject('mongoUri'))
  onTestFinished(() => other.drop())
  return { record: await openRecord(other), views: createMongoViews(other.collections) }
}

const sequencesOf = (connection: Awaited<ReturnType<Views['pageOfLog']>>) =>
  connection.nodes.map((node) => node.sequence)

describe('the log', () => {
  it('is read newest first, page by page, without a gap or a repetition', async () => {
    const read: number[] = []
    let after: string | null = null
    do {
      const page = await views.pageOfLog({}, { first: 7, after })
      read.push(...sequencesOf(page))
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after !== null)

    expect(read).toEqual(Array.from({ length: 38 }, (_, index) => 38 - index))
  })

  it('counts all of it, and nothing while it is empty', async (context) => {
    const { views: viewsOfNothing } = await openOther(context)

    expect(await (await views.pageOfLog({}, { first: 1 })).totalCount()).toBe(38)
    expect(await (await viewsOfNothing.pageOfLog({}, {})).totalCount()).toBe(0)
  })

  it.for<[AuditFilter, number[]]>([
    [{ entityType: 'Decision' }, [6]],
    [{ entityType: 'Issue', entityId: 'iss_1' }, [3, 2, 1]],
    [{ entityId: 'shared_id' }, [8, 7]],
    [{ entityType: 'Customer', entityId: 'shared_id' }, [8]],
    [{ action: 'decision.made' }, [6]],
    [{ actor: 'bob' }, [8]],
    [{ action: 'issue.created', entityId: 'iss_2' }, [4]],
    [{ actor: 'ada', before: new Date('2030-01-01T00:00:02Z') }, [9, 7, 4, 1]],
    [{ after: new Date('2030-01-01T00:00:29Z') }, [38]],
    [{ after: new Date('2030-01-01T00:00:28Z'), before: new Date('2030-01-01T00:00:30Z') }, [37]],
    [{ entityType: 'Issue', entityId: 'iss_1', action: 'issue.created', actor: 'ada' }, [1]],
    [{ actor: 'nobody' }, []],
    [{ entityType: null, entityId: 'iss_2', actor: null }, [5, 4]],
  ])('where %j gives %j and counts them, by an index', async ([filter, expected]) => {
    const page = await views.pageOfLog(filter, {})

    expect(sequencesOf(page)).toEqual(expected)
    expect(await page.totalCount()).toBe(expected.length)
  })

  it('keeps its place under a filter', async () => {
    const filter = { action: 'issue.status_changed', entityId: 'iss_long' }
    const first = await views.pageOfLog(filter, { first: 2 })
    const second = await views.pageOfLog(filter, { first: 2, after: first.pageInfo.endCursor! })

    expect([sequencesOf(first), sequencesOf(second)]).toEqual([
      [38, 37],
      [36, 35],
    ])
  })

  it.for<PageArguments>([{ first: -1 }, { first: 101 }, { after: 'garbage' }])('refuses the page %j', async (page) => {
    const refusal = expect.objectContaining({ code: 'BAD_USER_INPUT' })

    await expect(views.pageOfLog({}, page)).rejects.toThrow(refusal)
  })
})

const ofIssues = (ids: readonly string[]) => ({ type: 'Issue', ids }) as const

describe('the trails of a list of issues', () => {
  const IDS = ['iss_2', 'iss_none', 'iss_long', 'shared_id', 'iss_1']

  it('are each oldest first, with the entries of that issue only', async () => {
    const trails = await views.pagesOfTrails(ofIssues(IDS), {})

    expect(trails.map(sequencesOf)).toEqual([
      [4, 5],
      [],
      Array.from({ length: 20 }, (_, index) => 9 + index),
      [7],
      [1, 2, 3],
    ])
    expect(await Promise.all(trails.map((trail) => trail.totalCount()))).toEqual([2, 0, 30, 1, 3])
    expect(trails.map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([false, false, true, false, false])
  })

  it('are read with one command', async () => {
    const watched = new MongoClient(inject('mongoUri'), { monitorCommands: true })
    const commands: string[] = []
    watched.on('commandStarted', ({ commandName }) => commands.push(commandName))
    const watchedViews = createMongoViews(collectionsOf(watched.db(database.db.databaseName), COLLECTIONS))

    await watchedViews.pagesOfTrails(ofIssues(IDS), { first: 1 })
    await watched.close()

    expect(commands.filter((name) => !['hello', 'endSessions', 'ping'].includes(name))).toEqual(['find'])
  })

  it('are the same, read one by one or together', async () => {
    for (const first of [1, 2, 3, 30, 31]) {
      const together = await views.pagesOfTrails(ofIssues(IDS), { first })
      const alone = await Promise.all(IDS.map(async (id) => (await views.pagesOfTrails(ofIssues([id]), { first }))[0]!))

      const seen = ({ edges, pageInfo }: (typeof together)[number]) => ({ edges, pageInfo })
      expect(together.map(seen)).toEqual(alone.map(seen))
    }
  })

  it('go on from a cursor that was given for the list', async () => {
    const [, , long] = await views.pagesOfTrails(ofIssues(IDS), { first: 5 })

    const [next] = await views.pagesOfTrails(ofIssues(['iss_long']), { first: 3, after: long!.pageInfo.endCursor! })

    expect(sequencesOf(next!)).toEqual([14, 15, 16])
  })

  it('are in the order of the acts, even if recorded in another', async (context) => {
    const { record, views } = await openOther(context)
    const [first, second, third] = issueEvents('iss_1', 3)
    await record([first!, third!])
    await record([second!])

    const alone = await views.pagesOfTrails(ofIssues(['iss_1']), {})
    const together = await views.pagesOfTrails(ofIssues(['iss_1', 'iss_none']), {})

    expect(sequencesOf(alone[0]!)).toEqual([1, 3, 2])
    expect(sequencesOf(together[0]!)).toEqual([1, 3, 2])
  })

  it('are read one by one where they are very long together', async (context) => {
    const { record, views } = await openOther(context)
    await record(issueEvents('iss_1', 2))
    const events = issueEvents('iss_long', 2_001)
    for (let from = 0; from < events.length; from += 200) await record(events.slice(from, from + 200))

    const [long, short] = await views.pagesOfTrails(ofIssues(['iss_long', 'iss_1']), { first: 2 })

    expect(sequencesOf(long!)).toEqual([3, 4])
    expect(await long!.totalCount()).toBe(2_001)
    expect(sequencesOf(short!)).toEqual([1, 2])
  })
})

describe('entries', () => {
  it('are found by id, in the order asked, null where there is none', async () => {
    const found = await views.find(['aud_iss_2-1', 'aud_nothing', 'aud_iss_1-1'])

    expect(found.map((entry) => entry?.sequence ?? null)).toEqual([4, null, 1])
  })
})
