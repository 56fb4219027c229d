import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { issueEvent, issueEvents } from '../../test/events.ts'
import { type Database, openDatabase, openRecord } from '../../test/stores.ts'

let database: Database
let record: Awaited<ReturnType<typeof openRecord>>
beforeAll(async () => {
  database = await openDatabase(inject('mongoUri'))
  record = await openRecord(database)
})
afterAll(() => database.drop())
beforeEach(async () => {
  const names = ['entries', 'heads', 'event_positions']
  await Promise.all(names.map((name) => database.db.collection(name).deleteMany({})))
})

const verify = () => database.verifyChain({ fromSequence: null, toSequence: null, expectHash: null })
const actorsInOrder = async () =>
  (await database.collections.entries.find().sort({ sequence: 1 }).toArray()).map(({ actor }) => actor)

describe('recorded events', () => {
  it('become entries in the order in which they came, in one chain over all batches', async () => {
    await record([issueEvent('iss_1', 1, { actor: 'ada' }), issueEvent('iss_2', 1, { actor: 'bob' })])
    await record([issueEvent('iss_1', 2, { actor: 'eve' })])

    expect(await actorsInOrder()).toEqual(['ada', 'bob', 'eve'])
    expect(await verify()).toMatchObject({ valid: true, entries: 3 })
  })

  it('become one entry each, though they are delivered twice, alone or among others', async () => {
    const [first, second, third] = issueEvents('iss_1', 3)
    await record([first!, first!, second!])
    await record([first!, second!])
    await record([second!, third!])

    expect(await verify()).toMatchObject({ valid: true, entries: 3 })
  })

  it('verify even with values that databases tend to change', async () => {
    const values = ['\ud800', '\0', -0, 1e300, 2 ** 53, 0.1, 2 ** 31, [], {}, null, { $set: 1, 'a.b': [[{}]] }]
    const changes = Object.fromEntries(values.map((after, index) => [`field${index}`, { before: null, after }]))

    await record([JSON.parse(JSON.stringify(issueEvent('iss_1', 1, { changes, actor: 'a\udc00' })))])

    expect(await verify()).toMatchObject({ valid: true, entries: 1 })
  })

  it('are recorded all or none', async () => {
    await record([issueEvent('iss_1', 1)])

    const tooLarge = issueEvent('iss_3', 1, {
      changes: { text: { before: null, after: 'x'.repeat(17 * 1024 * 1024) } },
    })
    await expect(record([issueEvent('iss_2', 1), tooLarge])).rejects.toThrow()

    expect(await verify()).toMatchObject({ valid: true, entries: 1 })
  })

  it('leave one chain without a gap when several writers record at once', async () => {
    const writers = await Promise.all([1, 2, 3].map(() => openRecord(database)))
    const batches = Array.from({ length: 12 }, (_, batch) => issueEvents(`iss_${batch}`, 5))

    const write = async (writer: number) => {
      for (const batch of batches.slice(writer)) await writers[writer]!(batch)
    }
    await Promise.all([write(0), write(1), write(2)])

    expect(await verify()).toMatchObject({ valid: true, entries: 60, lastSequence: 60 })
  })
})

describe('a change behind the back of the service', () => {
  beforeEach(() => record(issueEvents('iss_1', 20)))
  const entries = () => database.collections.entries

  it.for<[string, object]>([
    ['a field', { actor: 'mallory' }],
    ['a value in the changes', { 'changes.status.after': 'RESOLVED' }],
    ['the time', { at: new Date('2020-01-01') }],
    ['the hash', { hash: 'f'.repeat(64) }],
    ['the hash before', { previousHash: 'f'.repeat(64) }],
    ['an added field', { note: 'nothing to see here' }],
  ])('to %s of an entry is found at that entry', async ([, change]) => {
    await entries().updateOne({ sequence: 7 }, { $set: change })

    expect(await verify()).toMatchObject({ valid: false, firstBroken: 7, entries: 6 })
  })

  it('that takes an entry out is found where it was', async () => {
    await entries().deleteOne({ sequence: 7 })

    expect(await verify()).toMatchObject({ valid: false, firstBroken: 7 })
  })

  it('that takes the newest entries out is found by the head', async () => {
    await entries().deleteMany({ sequence: { $gt: 17 } })

    expect(await verify()).toMatchObject({ valid: false, firstBroken: 18, entries: 17 })
  })

  it('that takes the head away is found', async () => {
    await database.collections.heads.deleteOne({ _id: 'head' })

    expect(await verify()).toMatchObject({ valid: false, firstBroken: 1 })
  })
})
