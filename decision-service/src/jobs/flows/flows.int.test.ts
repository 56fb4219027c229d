import { BadUserInputError } from '@redress/shared/errors.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { COUNTING, openJobBed } from '../../../test/job-bed.ts'
import type { Asking } from '../orders/store-plans.ts'
import { createCancelJob } from '../processors/cancellations.ts'
import type { JobStatus } from '../records/job-record.ts'
import { toNewJob } from '../records/to-new-job.ts'
import { createRecoverRecords } from '../recovery/recover-records.ts'
import { createAddFlow } from './add-flow.ts'
import type { FlowOrder } from './flow.ts'
import { createFlowRecords, FLOWS_DUE, type FlowRecords } from './flow-records.ts'
import { createRunFlows } from './run-flows.ts'

const bed = await openJobBed(27)
const { mongo, collections, queues, records, redis, onChange } = bed
const registry = COUNTING
const now = () => new Date()
const flows = createFlowRecords({ mongo, collection: collections.jobRecords, registry })
const add = createAddFlow({ registry, flows, onChange, queues, logger: silent, now })
const addFlow = (tree: FlowTree, asking: Asking) => add(flatten(tree), asking)
const cancelJob = createCancelJob({ records, queues, onChange, logger: silent })
const recover = createRecoverRecords({
  ...{ collection: collections.jobRecords, records, queues, mongo, now, windowHours: 24 },
  ...{ deadJobs: bed.deadJobs, onChange, outbox: bed.outbox },
})
const runWith = (own: FlowRecords) =>
  createRunFlows({ flows: own, cancelJob, deadJobs: bed.deadJobs, onChange, queues, now })
const run = runWith(flows)
beforeEach(async () => {
  await redis.flushDb()
  await collections.jobRecords.deleteMany({})
})

const SYSTEM = { cause: { actor: 'ada', requestId: 'req-1' }, caller: null }
type FlowTree = FlowOrder & Readonly<{ children: readonly FlowTree[] }>
const job = (key: string, ...children: readonly FlowTree[]): FlowTree => ({
  ...{ type: 'count-critical', data: { key }, attempts: 1 },
  children,
})
const ignored = (flow: FlowTree): FlowTree => ({ ...flow, onFailure: 'IGNORE' })
/** A tree as the list that the API takes. */
function flatten(tree: FlowTree): readonly FlowOrder[] {
  const flow: FlowOrder[] = []
  const put = ({ children, ...order }: FlowTree, parent: number | null) => {
    const place = flow.push({ ...order, parent }) - 1
    for (const child of children) put(child, place)
  }
  put(tree, null)
  return flow
}

/** A worker that fails what it is to fail, and notes the rest in its order. */
async function openWorker() {
  const ran: string[] = []
  const failing = new Set<string>()
  await bed.work(async ({ key }) => {
    if (failing.has(key)) throw new BadUserInputError(['key'], 'fails')
    ran.push(key)
    return null
  })
  return { ran, failing }
}

async function statuses(): Promise<Readonly<Record<string, JobStatus>>> {
  const ids = (await collections.jobRecords.find({ createdAt: { $gt: new Date(0) } }).toArray()).map(({ _id }) => _id)
  const found = await Promise.all(ids.map((id) => records.find(id)))
  return Object.fromEntries(found.map((record) => [(record!.data as { key: string }).key, record!.status]))
}
/** Carries flows on, and queues again what a killed leader left out of its queue, until these are the statuses. */
const untilStatuses = (expected: Readonly<Record<string, JobStatus>>) =>
  expect
    .poll(async () => {
      await recover({ all: true })
      await run()
      return statuses()
    })
    .toEqual(expected)

describe('a flow', () => {
  it('runs from its leaves to its first job, each after all that it waits for', async () => {
    const { ran } = await openWorker()
    let handedOver = 0
    queues.money.onAdded((jobs) => {
      handedOver += jobs.length
    })

    await addFlow(job('a', job('b', job('c'), job('d')), job('e')), SYSTEM)
    await untilStatuses({ a: 'COMPLETED', b: 'COMPLETED', c: 'COMPLETED', d: 'COMPLETED', e: 'COMPLETED' })

    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(ran.at(-1)).toBe('a')
    expect(handedOver).toBe(5)
    expect(ran.indexOf('b')).toBeGreaterThan(Math.max(ran.indexOf('c'), ran.indexOf('d')))
  })

  it('knows its children, and they know it', async () => {
    bed.changes.length = 0
    const { job: a } = await addFlow(job('a', job('b'), job('c')), SYSTEM)
    expect(bed.changes.map(({ status }) => status)).toEqual(['PENDING', 'PENDING', 'PENDING'])

    const children = await flows.children(a.id)

    expect(children.map(({ parentId }) => parentId)).toEqual([a.id, a.id])
    expect(children.map(({ data }) => (data as { key: string }).key).sort()).toEqual(['b', 'c'])
  })

  it('fails up to its first job where a child fails, and other children go on', async () => {
    const { failing } = await openWorker()
    failing.add('c')

    const { job: a } = await addFlow(job('a', job('b', job('c'), job('d'))), SYSTEM)
    await untilStatuses({ a: 'FAILED', b: 'FAILED', c: 'FAILED', d: 'COMPLETED' })

    expect(await records.find(a.id)).toMatchObject({ failure: { code: 'JOB_CHILD_FAILED' }, attempts: 0 })
    const dead = { code: 'JOB_CHILD_FAILED', state: 'OPEN' }
    expect(await collections.deadLetters.findOne({ _id: a.id })).toMatchObject(dead)
  })

  it('goes on where a child fails that is to be ignored', async () => {
    const { failing } = await openWorker()
    failing.add('b')

    await addFlow(job('a', ignored(job('b')), job('c')), SYSTEM)

    await untilStatuses({ a: 'COMPLETED', b: 'FAILED', c: 'COMPLETED' })
  })

  it('runs to its end once the failed jobs are opened again, the child first', async () => {
    const { failing } = await openWorker()
    failing.add('b')
    const { job: a } = await addFlow(job('a', job('b')), SYSTEM)
    await untilStatuses({ a: 'FAILED', b: 'FAILED' })

    await records.retry(a.id, 1, now())
    await untilStatuses({ a: 'FAILED', b: 'FAILED' })
    failing.clear()
    const [b] = await flows.children(a.id)
    for (const id of [b!.id, a.id]) await records.retry(id, 1, now())
    await recover({ all: true })

    await untilStatuses({ a: 'COMPLETED', b: 'COMPLETED' })
  })

  it('that waits is not said to be cancelled where it is in a queue', async () => {
    bed.changes.length = 0
    await openWorker()
    const { job: a } = await addFlow(job('a', job('b')), SYSTEM)

    await queues.money.revive([toNewJob(a)])
    await untilStatuses({ a: 'COMPLETED', b: 'COMPLETED' })

    expect(bed.changes.filter(({ status }) => status === 'CANCELLED')).toEqual([])
  })

  it('is found by its leader with one query, through indexes', async () => {
    const { queryPlanner } = await collections.jobRecords.find(FLOWS_DUE).explain()

    expect(JSON.stringify(queryPlanner.winningPlan)).not.toContain('COLLSCAN')
  })

  it('that is cancelled takes its children along, through all levels', async () => {
    const { job: a } = await addFlow(job('a', job('b', job('c')), job('d')), SYSTEM)

    await records.cancel(a, { by: 'bob', reason: 'not needed', at: now() })
    await untilStatuses({ a: 'CANCELLED', b: 'CANCELLED', c: 'CANCELLED', d: 'CANCELLED' })

    const [b] = await flows.children(a.id)
    expect(b).toMatchObject({ cancelRequest: { by: 'bob', reason: 'not needed' } })
    expect(await queues.money.use((queue) => queue.getJobCountByTypes('wait', 'prioritized', 'delayed'))).toBe(0)
  })

  it('whose child is cancelled fails', async () => {
    const { job: a } = await addFlow(job('a', job('b')), SYSTEM)

    await cancelJob((await flows.children(a.id))[0]!, { by: 'bob', reason: 'x', at: now() })

    await untilStatuses({ a: 'FAILED', b: 'CANCELLED' })
  })

  it('is added once for a key, and refused with other data', async () => {
    const flow = { ...job('a', job('b')), idempotencyKey: 'k1' }

    const added = await Promise.all([addFlow(flow, SYSTEM), addFlow(flow, SYSTEM)])

    expect(added.map(({ isNew }) => isNew).sort()).toEqual([false, true])
    // As GraphQL gives an object that stands in the query: without a prototype.
    const inQuery = { ...flow, data: Object.assign(Object.create(null), flow.data) }
    expect(await addFlow(inQuery, SYSTEM)).toMatchObject({ isNew: false })
    expect(Object.keys(await statuses()).sort()).toEqual(['a', 'b'])
    for (const other of [
      { ...flow, data: { key: 'c' } },
      { ...flow, children: [job('c')] },
      { ...flow, children: [] },
      { ...flow, children: [job('b'), job('c')] },
      { ...flow, children: [{ ...job('b'), onFailure: 'IGNORE' as const }] },
    ]) {
      await expect(addFlow(other, SYSTEM)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
    }
  })

  it('runs to its end though Redis loses everything in between', async () => {
    await addFlow(job('a', job('b'), job('c')), SYSTEM)
    await redis.flushDb()
    await openWorker()

    await untilStatuses({ a: 'COMPLETED', b: 'COMPLETED', c: 'COMPLETED' })
  })
})

class Killed extends Error {}

/** The records as a process uses them that is dead from its `callsMax`-th call on, before or after the effect. */
function mortal(callsMax: number): FlowRecords {
  let calls = 0
  const step = () => {
    calls += 0.5
    if (calls >= callsMax) throw new Killed()
  }
  const wrap = (work: (...given: never[]) => Promise<unknown>) => {
    return async (...given: never[]) => {
      step()
      const result = await work(...given)
      step()
      return result
    }
  }
  return Object.fromEntries(Object.entries(flows).map(([name, work]) => [name, wrap(work)])) as unknown as FlowRecords
}

type Tree = Readonly<{ fails: boolean; onFailure: 'FAIL_PARENT' | 'IGNORE'; children: readonly Tree[] }>

it('flows end as their jobs say, though leaders are killed anywhere while they carry them on', async () => {
  const { failing } = await openWorker()
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      fails: fc.boolean(),
      onFailure: fc.constantFrom('FAIL_PARENT', 'IGNORE'),
      children: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('tree'), { maxLength: 3 })),
    }),
  }))
  let flowsAdded = 0

  const property = fc.asyncProperty(tree, fc.array(fc.integer({ min: 1, max: 12 })), async (root, deaths) => {
    await collections.jobRecords.deleteMany({})
    const expected: Record<string, JobStatus> = {}
    const name = `f${flowsAdded++}`
    const build = ({ fails, onFailure, children }: Tree, key: string): FlowTree => {
      if (fails) failing.add(key)
      const built = children.map((child, index) => build(child, `${key}.${index}`))
      const takenAlong = children.some((child, index) => {
        return child.onFailure === 'FAIL_PARENT' && expected[`${key}.${index}`] === 'FAILED'
      })
      expected[key] = takenAlong || fails ? 'FAILED' : 'COMPLETED'
      return { ...job(key, ...built), onFailure }
    }
    await addFlow(build(root, name), SYSTEM)

    for (const halves of deaths) await runWith(mortal(halves / 2))().catch(() => {})

    await untilStatuses(expected)
  })

  await fc.assert(property, { numRuns: 8 })
})
