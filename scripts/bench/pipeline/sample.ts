import { BSON, type Db, type Document, type IndexDescription, type MongoClient } from 'mongodb'

/** The collections of the ways of issues, by their databases. */
const COLLECTIONS = {
  issues: ['redress_issues', 'issues'],
  jobs: ['redress_decisions', 'critical_jobs'],
  decisions: ['redress_decisions', 'decisions'],
  facts: ['redress_decisions', 'decision_facts'],
  entries: ['redress_audit', 'entries'],
  outbox: ['redress_issues', 'outbox'],
} as const
export type CollectionName = keyof typeof COLLECTIONS
export const COLLECTION_NAMES = Object.keys(COLLECTIONS) as readonly CollectionName[]

/** The documents of one decided issue, as they are stored. */
export type StoredCase = Readonly<{
  issue: Document
  job: Document
  decision: Document
  fact: Document
  entries: readonly Document[]
  /** The texts of its events, by the hop that stored them. */
  events: Readonly<{ created: readonly string[]; made: readonly string[]; moved: readonly string[] }>
}>

const SAMPLE = 20

/** The documents of some of the issues that were decided last. */
export async function readSample(mongo: MongoClient): Promise<readonly StoredCase[]> {
  const collectionOf = (name: CollectionName) => mongo.db(COLLECTIONS[name][0]).collection(COLLECTIONS[name][1])
  const textsOf = await readEvents(['redress_issues', 'redress_decisions'].map((name) => mongo.db(name)))
  const issues = await collectionOf('issues').find({ createdAt: { $gt: new Date(0) } })
  const decided = await issues.sort({ createdAt: -1, _id: -1 }).limit(SAMPLE).toArray()

  return Promise.all(
    decided.map(async (issue) => {
      const decision = (await collectionOf('decisions').findOne({ _id: issue.decisionId }))!
      const job = (await collectionOf('jobs').findOne({ _id: decision.jobId }))!
      const moment = decision.decidedAt.toISOString()
      const facts = await collectionOf('facts').find({ _id: { $gte: moment, $lt: `${moment}!` } } as Document)
      const fact = (await facts.toArray()).flatMap(({ facts }) => facts).find(({ id }) => id === decision._id)
      const ids = [issue._id, decision._id]
      const entries = await collectionOf('entries')
        .find({ entityId: { $in: ids } })
        .toArray()
      const [[created, ...moved], made] = [textsOf.get(String(issue._id))!, textsOf.get(String(decision._id))!]
      return { issue, job, decision, fact, entries, events: { created: [created!], made, moved } }
    }),
  )
}

/** The texts of the newest events in the logs, in order, by the id of their entity. */
async function readEvents(databases: readonly Db[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const logs = databases.map((db) => db.collection('event_log').find({}).sort({ _id: -1 }).limit(SAMPLE).toArray())
  const texts = (await Promise.all(logs)).flatMap((segments) => segments.reverse().flatMap(({ events }) => events))
  return Map.groupBy(texts as string[], (text) => (JSON.parse(text) as { entity: { id: string } }).entity.id)
}

/** The same case for another issue: with other ids, and with an idempotency key and places in the chain of its own. */
export function renumber(stored: StoredCase, number: number): StoredCase {
  const id = String(stored.issue._id).slice('iss_'.length)
  const other = String(number).padStart(id.length, '0')
  const text = BSON.EJSON.stringify(stored, { relaxed: false }).replaceAll(id, other)
  const copy = BSON.EJSON.parse(text, { relaxed: false }) as StoredCase
  copy.issue.claim.key = `floor-${number}`
  copy.entries.forEach((entry, index) => {
    entry.sequence = number * copy.entries.length + index + 1
  })
  return copy
}

/** Creates empty collections in a database, with the indexes of those that they stand for. */
export async function createCollections(mongo: MongoClient, db: Db): Promise<void> {
  for (const name of COLLECTION_NAMES) {
    const [database, collection] = COLLECTIONS[name]
    const indexes = await mongo.db(database).collection(collection).indexes()
    const further = indexes.filter(({ key }) => Object.keys(key).join() !== '_id')
    await db.createCollection(name)
    if (further.length > 0) await db.collection(name).createIndexes(further as IndexDescription[])
  }
}
