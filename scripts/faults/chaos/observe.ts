import type { OutboxDocument, SegmentDocument } from '@redress/shared/events/event-collections.ts'
import type { Db } from 'mongodb'
import type { LetterDocument } from '../../../decision-service/src/jobs/dead-letters/letter-documents.ts'
import type { RecordDocument } from '../../../decision-service/src/jobs/records/record-document.ts'
import { type StoredJson, unpack } from '../../../decision-service/src/jobs/records/stored-json.ts'
import type { ChaosData } from '../../../decision-service/test/chaos-jobs.ts'
import type { Seen, SeenAlert } from './check.ts'

/** Reads what the processes of a run have stored. */
export async function observe(db: Db): Promise<Pick<Seen, 'records' | 'letters' | 'alerts'>> {
  const records = await db.collection<RecordDocument>('jobs').find({}).toArray()
  const letters = await db.collection<LetterDocument>('dead_letters').find({ kind: 'JOB' }).toArray()
  return {
    records: records.map(({ _id: id, data, status, failure }) => ({
      ...{ id, order: orderOf(data), status, code: failure?.code ?? null },
    })),
    letters: letters.map(({ _id: id, payload, code, state }) => ({ id, order: orderOf(payload!), code, state })),
    alerts: (await readEvents(db)).flatMap(toAlert),
  }
}

const orderOf = (data: StoredJson) => (unpack(data) as ChaosData).order

type Event = Readonly<{
  id: string
  type: string
  entity: Readonly<{ type: string; id: string }>
  data: Readonly<{ type: string; message: string }>
}>

/** All events, published or not, each once: the log holds the first copy. */
async function readEvents(db: Db): Promise<readonly Event[]> {
  const log = await db.collection<SegmentDocument>('event_log').find({}).sort({ _id: 1 }).toArray()
  const outbox = await db.collection<OutboxDocument>('outbox').find({}).sort({ at: 1, _id: 1 }).toArray()
  const texts = [...log, ...outbox].flatMap(({ events }) => events)
  return [...new Map(texts.map((text) => JSON.parse(text) as Event).map((event) => [event.id, event])).values()]
}

function toAlert({ id, type, entity, data }: Event): readonly SeenAlert[] {
  if (type !== 'alert.raised' && type !== 'alert.resolved') return []
  // A dead letter stands for its type and code, not for its job.
  const [, ofLetter] = /\((.+?)\) of the queue .* failed for good with (\w+)/.exec(data.message) ?? []
  const code = /with (\w+)\.$/.exec(data.message)?.[1]
  // The letter of a job that was taken for dead is closed when it runs again, and the next one is a new cause.
  if (data.type === 'DEAD_LETTER' && code === 'JOB_CRASHED') return []
  const about = data.type === 'DEAD_LETTER' ? `${ofLetter} ${code}` : `${entity.type} ${entity.id}`
  return [{ id, cause: `${data.type} of ${about}`, kind: type === 'alert.raised' ? 'raised' : 'resolved' }]
}
