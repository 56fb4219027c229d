import { openCollections } from '@redress/shared/stores/collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import fc from 'fast-check'
import type { Binary } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { type JobAction, type JobRecord, type JobStatus, type NewRecord, TRANSITIONS, toRecord } from './job-record.ts'
import type { Begun, Holder } from './job-records.ts'
import { createMongoJobRecords } from './mongo-job-records.ts'
import { JOB_RECORDS } from './record-document.ts'

const { db } = await openTestDatabase()
const { jobs: collection } = await openCollections(db, { jobs: JOB_RECORDS })
const records = createMongoJobRecords({ collection })

const AT = new Date('2030-06-15T12:00:00Z')
const FAILURE = { code: 'JOB_TIMED_OUT', message: 'Too slow.' } as const
const REQUEST = { by: 'ada', reason: 'not needed', at: AT }

let ids = 0
const recordWith = (change: Partial<NewRecord> = {}): JobRecord =>
  toRecord(
    {
      ...{ id: `job_background_${++ids}`, type: 'export-customer', queue: 'background', data: { customerId: 'c1' } },
      ...{ priority: 5, maxAttempts: 2, scheduledFor: null, actor: 'ada', requestId: null, parentId: null },
      ...change,
    },
    AT,
  )
const added = async (change: Partial<NewRecord> = {}) => {
  const record = recordWith(change)
  await records.add([record])
  return record
}
const begun = async (id: string) => (await records.begin(id, AT)) as Begun
const statusOf = async (id: string) => (await records.find(id))?.status

describe('a record', () => {
  it.for([{ customerId: 'c1' }, { 'a.b': { $set: 1 }, list: [{ deep: null }] }, { text: 'ä'.repeat(40_000) }])(
    'gives back the data that it was added with',
    async (data) => {
      const record = await added({ data, trace: 't', parentId: 'job_1' })

      expect(await records.find(record.id)).toEqual(record)
    },
  )

  it('takes less room than its data, where that is longer than 1 KiB', async () => {
    const { id } = await added({ data: { text: 'word '.repeat(1_000) } })

    const [stored] = await collection.find({ _id: id }).toArray()

    expect((stored!.data as Binary).length()).toBeLessThan(200)
  })

  it('stays as it is where another one with its id is added', async () => {
    const first = await added()
    const [fresh, again] = [recordWith(), { ...first, data: { customerId: 'c2' } }]

    expect(await records.add([fresh, again])).toEqual([
      { record: fresh, isNew: true },
      { record: first, isNew: false },
    ])
  })

  it('is kept as long as its type says, from its end on', async () => {
    const { id } = await added()
    const { holder } = await begun(id)

    await records.complete(holder, { file: 'f' }, AT)

    expect(await records.find(id)).toMatchObject({
      ...{ status: 'COMPLETED', result: { file: 'f' }, progress: 100, attempts: 1, startedAt: AT, endedAt: AT },
      expiresAt: new Date('2030-09-13T12:00:00Z'),
    })
  })

  it('is due while it is open, and has nothing to recover after', async () => {
    const { id } = await added({ scheduledFor: new Date('2030-06-16T00:00:00Z') })
    expect((await collection.findOne({ _id: id }))?.dueAt).toEqual(new Date('2030-06-16T00:00:00Z'))

    await records.fail({ id, type: 'export-customer' }, FAILURE, AT)

    expect(await collection.findOne({ _id: id })).not.toHaveProperty('dueAt')
  })
})

describe('an attempt', () => {
  it('changes nothing any more once another one has begun', async () => {
    const { id } = await added()
    const first = await begun(id)
    const second = await begun(id)

    await records.complete(first.holder, { by: 'first' }, AT)
    await records.handBack(first.holder, FAILURE, AT)
    const goesOn = await records.progress(first.holder, 50, AT)

    expect([goesOn, await records.find(id)]).toMatchObject([
      false,
      { status: 'PROCESSING', attempts: 0, progress: null },
    ])
    await records.complete(second.holder, { by: 'second' }, AT)
    expect(await records.find(id)).toMatchObject({ status: 'COMPLETED', result: { by: 'second' } })
  })

  it('begins for many jobs at once, each for its own', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => added()))

    const all = await Promise.all(many.map(({ id }) => records.begin(id, AT)))

    expect(all.map((one) => (one as Begun).record.id)).toEqual(many.map(({ id }) => id))
  })

  it('keeps the moment at which it was due where it begins soon after, and is due anew where it waited for long', async () => {
    const [soon, late, unknown] = [await added(), await added(), await added()]
    const at = new Date(AT.getTime() + 60_000)

    await Promise.all([
      records.begin(soon.id, at, new Date(at.getTime() - 1_000)),
      records.begin(late.id, at, AT),
      records.begin(unknown.id, at),
    ])

    const stored = await collection.find({ _id: { $in: [soon.id, late.id, unknown.id] } }).toArray()
    const facts = new Map(stored.map(({ _id, status, dueAt }) => [_id, { status, dueAt }]))
    expect(facts.get(soon.id)).toEqual({ status: 'PROCESSING', dueAt: AT })
    expect(facts.get(late.id)).toEqual({ status: 'PROCESSING', dueAt: at })
    expect(facts.get(unknown.id)).toEqual({ status: 'PROCESSING', dueAt: at })
  })

  it('completes many jobs at once, with a result or without, and none of another attempt', async () => {
    const many = await Promise.all(Array.from({ length: 6 }, () => added()))
    const holders = await Promise.all(many.map(async ({ id }) => (await begun(id)).holder))
    const taken = await begun(many[5]!.id)

    await Promise.all(holders.map((holder, index) => records.complete(holder, index % 2 === 0 ? null : { index }, AT)))

    const found = await Promise.all(many.map(({ id }) => records.find(id)))
    expect(found.map((record) => [record?.status, record?.result ?? null, record?.attempts])).toEqual([
      ['COMPLETED', null, 1],
      ['COMPLETED', { index: 1 }, 1],
      ['COMPLETED', null, 1],
      ['COMPLETED', { index: 3 }, 1],
      ['COMPLETED', null, 1],
      ['PROCESSING', null, 0],
    ])
    await records.complete(taken.holder, null, AT)
    expect(await statusOf(many[5]!.id)).toBe('COMPLETED')
  })

  it('learns with its progress that the job is to be cancelled, and cancels it', async () => {
    const record = await added()
    const { holder } = await begun(record.id)
    expect(await records.progress(holder, 10, AT)).toBe(true)

    expect(await records.cancel(record, REQUEST)).toMatchObject({ status: 'PROCESSING', cancelRequest: REQUEST })

    expect(await records.progress(holder, 20, AT)).toBe(false)
    await records.endCancelled(record, AT)
    expect(await records.find(record.id)).toMatchObject({ status: 'CANCELLED', progress: 10, endedAt: AT })
  })

  it('does not begin where the job is to be cancelled and its worker is gone', async () => {
    const record = await added()
    await begun(record.id)
    await records.cancel(record, REQUEST)

    expect(await records.begin(record.id, AT)).toMatchObject({ id: record.id, status: 'PROCESSING' })
  })
})

const ACTIONS: Readonly<Record<JobAction, (record: JobRecord, holder: Holder) => Promise<unknown>>> = {
  begin: ({ id }) => records.begin(id, AT),
  handBack: (_, holder) => records.handBack(holder, FAILURE, AT),
  complete: (_, holder) => records.complete(holder, null, AT),
  fail: (record) => records.fail(record, FAILURE, AT),
  cancel: async (record) => {
    await records.cancel(record, REQUEST)
    await records.endCancelled(record, AT)
  },
  retry: ({ id }) => records.retry(id, 2, AT),
}

it('a record follows the table of transitions, whatever is done to it, and counts no attempt twice', async () => {
  const actions = fc.array(fc.constantFrom(...(Object.keys(ACTIONS) as JobAction[])), { maxLength: 10 })

  await fc.assert(
    fc.asyncProperty(actions, async (sequence) => {
      const record = await added()
      let expected: JobStatus = 'PENDING'
      let holder: Holder = { ...record, run: 'none' }
      let attempts = 0
      for (const action of sequence) {
        const outcome = await ACTIONS[action](record, holder)
        const next: JobStatus | undefined = TRANSITIONS[expected][action]
        if (next === undefined) continue
        if (action === 'begin') holder = (outcome as Begun).holder
        if (action === 'handBack' || action === 'complete' || action === 'fail') attempts++
        expected = next
      }
      expect([await statusOf(record.id), (await records.find(record.id))?.attempts]).toEqual([expected, attempts])
    }),
    { numRuns: 60 },
  )
})
