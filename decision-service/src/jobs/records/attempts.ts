import { randomUUID } from 'node:crypto'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import type { Filter, UpdateFilter } from 'mongodb'
import { statusesBefore } from './job-record.ts'
import type { Begun, Holder, JobRecords } from './job-records.ts'
import {
  CLOSED,
  COUNTED,
  fromDocument,
  type RecordCollection,
  type RecordDocument,
  type ToEnded,
} from './record-document.ts'
import { pack } from './stored-json.ts'

type Attempts = Pick<JobRecords, 'begin' | 'progress' | 'complete' | 'handBack'>

/** The changes of jobs by their attempts, which many make at the same time. */
export function createAttempts(collection: RecordCollection, toEnded: ToEnded): Attempts {
  const update = createBulkUpdate(collection)
  return {
    begin: createBegin(collection),
    async progress(holder, percent, at) {
      const running = { ...heldBy(holder), cancelRequest: { $exists: false } }
      const fields = { progress: percent, updatedAt: at, dueAt: at }
      return (await collection.updateOne(running, { $set: fields })).matchedCount === 1
    },
    complete: createComplete(collection, toEnded),
    handBack(holder, failure, at) {
      const fields = { status: 'PENDING' as const, updatedAt: at, dueAt: at, ...(failure && { failure }) }
      return update(heldBy(holder), { $set: fields, ...(failure && COUNTED), $unset: { run: 1 } })
    },
  }
}

export const heldBy = ({ id, run }: Holder): Filter<RecordDocument> => ({ _id: id, status: 'PROCESSING', run })

type Change = Readonly<{ filter: Filter<RecordDocument>; update: UpdateFilter<RecordDocument> }>

/** Updates single records, all that are asked for at the same time with one write. */
function createBulkUpdate(collection: RecordCollection) {
  const run = coalesce<Change, undefined>(async (changes) => {
    await collection.bulkWrite(
      changes.map((updateOne) => ({ updateOne })),
      { ordered: false },
    )
    return changes.map(() => undefined)
  })
  return (filter: Change['filter'], update: Change['update']) => run({ filter, update })
}

type Completion = Readonly<{ holder: Holder; result: object | null; at: Date }>

/** Completes jobs: those of one type without a result, of which there may be many, with one statement. */
function createComplete(collection: RecordCollection, toEnded: ToEnded): JobRecords['complete'] {
  const toUpdate = ({ holder, at, result }: Completion) => {
    const fields = { status: 'COMPLETED' as const, progress: 100, ...toEnded(holder.type, at) }
    const $set = { ...fields, ...(result && { result: pack(result) }) }
    return { $set, ...COUNTED, $unset: { ...CLOSED, failure: 1 as const } }
  }
  const complete = coalesce<Completion, undefined>(async (completions) => {
    const plain = completions.filter(({ result }) => result === null)
    const ofType = [...Map.groupBy(plain, ({ holder }) => holder.type).values()]
    const others = completions.filter(({ result }) => result !== null)
    await collection.bulkWrite(
      [
        ...ofType.map((all) => ({ updateMany: { filter: heldByAny(all), update: toUpdate(all[0]!) } })),
        ...others.map((one) => ({ updateOne: { filter: heldBy(one.holder), update: toUpdate(one) } })),
      ],
      { ordered: false },
    )
    return completions.map(() => undefined)
  })
  return (holder, result, at) => complete({ holder, result, at })
}

/** A run is of one attempt of each of its jobs, so that no other attempt at them matches. */
function heldByAny(completions: readonly Completion[]): Filter<RecordDocument> {
  const ids = completions.map(({ holder }) => holder.id)
  const runs = [...new Set(completions.map(({ holder }) => holder.run))]
  return { _id: { $in: ids }, status: 'PROCESSING', run: { $in: runs } }
}

type Asked = Readonly<{ id: string; at: Date; isDueNow: boolean }>
type Outcome = Awaited<ReturnType<JobRecords['begin']>>

const OPEN: Filter<RecordDocument> = { status: { $in: [...statusesBefore('begin')] } }

/** A record says anew when it was due where that is longer ago. Less than recovery waits before it looks a job up. */
const DUE_MS = 10_000

/** Begins attempts, all that are asked for at the same time with a write and a read, or with two writes. */
function createBegin(collection: RecordCollection): JobRecords['begin'] {
  const begin = coalesce<Asked, Outcome>(async (asked) => {
    const run = randomUUID()
    const at = asked[0]!.at
    for (const [isDueNow, jobs] of Map.groupBy(asked, (one) => one.isDueNow)) {
      const ofThem = { _id: { $in: jobs.map(({ id }) => id) }, ...OPEN }
      // The moment at which a job is due is in an index, which each change of it would update.
      const running = { status: 'PROCESSING' as const, run, updatedAt: at, ...(!isDueNow && { dueAt: at }) }
      await collection.updateMany(
        { ...ofThem, cancelRequest: { $exists: false }, waitsForChildren: { $exists: false } },
        { $set: running, $min: { startedAt: at } },
      )
    }
    const found = await collection.find({ _id: { $in: asked.map(({ id }) => id) } }).toArray()
    const byId = new Map(found.map((document) => [document._id, document]))
    return asked.map(({ id }) => toOutcome(byId.get(id), run))
  })
  return (id, at, queuedAt) =>
    begin({ id, at, isDueNow: queuedAt !== undefined && at.getTime() - queuedAt.getTime() < DUE_MS })
}

function toOutcome(document: RecordDocument | undefined, run: string): Outcome {
  if (document === undefined) return null
  const record = fromDocument(document)
  if (document.run !== run) return record
  return { record, holder: { id: record.id, type: record.type, run } } satisfies Begun
}
