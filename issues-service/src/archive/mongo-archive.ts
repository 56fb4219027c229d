import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, Filter, MongoClient } from 'mongodb'
import type { Collections, IssueDocument } from '../stores/collections.ts'
import type { ArchiveLimits, ArchiveRun, ArchiveRunChange } from './archive-run.ts'
import type { ArchiveStore, Place } from './ports.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  collections: Pick<Collections, 'issues' | 'archivedIssues' | 'archiveRuns' | 'notes'>
  outbox: Outbox
}>

/** The archive in MongoDB. A page is moved in one transaction: an issue is always in exactly one of the collections. */
export function createMongoArchive(dependencies: Dependencies): ArchiveStore {
  return { ...storeRuns(dependencies), ...movePages(dependencies), ...countIssues(dependencies.collections) }
}

/** Stores runs within a transaction that the caller has begun. */
export function createAddRun({ collections: { archiveRuns: runs }, outbox }: Omit<Dependencies, 'mongo'>) {
  return async ({ run: { id: _id, ...run }, event }: ArchiveRunChange, session: ClientSession): Promise<void> => {
    const { upsertedCount } = await runs.updateOne({ _id }, { $setOnInsert: run }, { upsert: true, session })
    if (upsertedCount === 1) await outbox.add([event], session)
  }
}

function storeRuns({
  mongo,
  collections,
  outbox,
}: Dependencies): Pick<ArchiveStore, 'add' | 'find' | 'findRunning' | 'end'> {
  const { archiveRuns: runs } = collections
  const addRun = createAddRun({ collections, outbox })
  return {
    add: (change) => inTransaction(mongo, (session) => addRun(change, session)),
    async find(id) {
      const document = await runs.findOne({ _id: id })
      return document && toRun(document)
    },
    async findRunning() {
      const [document] = await runs.find({ status: 'RUNNING' }).sort({ requestedAt: 1 }).limit(1).toArray()
      return document ? toRun(document) : null
    },
    end: ({ run: { id, status, endedAt }, event }) =>
      inTransaction(mongo, async (session) => {
        const change = { $set: { status, endedAt } }
        const { modifiedCount } = await runs.updateOne({ _id: id, status: 'RUNNING' }, change, { session })
        if (modifiedCount === 1) await outbox.add([event], session)
      }),
  }
}

function movePages({
  mongo,
  collections: { issues, archivedIssues: archived, archiveRuns: runs, notes },
}: Dependencies): Pick<ArchiveStore, 'nextTenant' | 'movePage' | 'purgePage'> {
  return {
    nextTenant: (after) => findTenant(issues, after),
    movePage: ({ id: _id, ...run }, { tenant, after, limit, now: archivedAt }) =>
      inTransaction(mongo, async (session) => {
        const due = toMove(tenant, run, after)
        const page = issues.find(due, { session }).sort({ createdAt: 1, _id: 1 }).limit(limit)
        const found = await page.toArray()
        const last = found.at(-1)
        if (last === undefined) return null
        await archived.insertMany(
          found.map((issue) => ({ ...issue, archivedAt })),
          { session },
        )
        await issues.deleteMany({ _id: { $in: found.map((issue) => issue._id) } }, { session })
        await runs.updateOne({ _id }, { $inc: { moved: found.length } }, { session })
        return { createdAt: last.createdAt, id: last._id }
      }),
    purgePage: ({ id: _id, ...run }, limit) =>
      inTransaction(mongo, async (session) => {
        const due = archived.find(toPurge(run), { projection: { _id: 1 }, session }).sort({ updatedAt: 1, _id: 1 })
        const ids = (await due.limit(limit).toArray()).map((issue) => issue._id)
        if (ids.length === 0) return 0
        await archived.deleteMany({ _id: { $in: ids } }, { session })
        await notes.deleteMany({ issueId: { $in: ids } }, { session })
        await runs.updateOne({ _id }, { $inc: { purged: ids.length } }, { session })
        return ids.length
      }),
  }
}

function countIssues({
  issues,
  archivedIssues: archived,
}: Dependencies['collections']): Pick<ArchiveStore, 'countDue' | 'statistics'> {
  return {
    async countDue(limits, max) {
      let count = 0
      for (let tenant = await findTenant(issues, null); tenant !== null && count < max; ) {
        count += await issues.countDocuments(toMove(tenant, limits, null), { limit: max - count })
        tenant = await findTenant(issues, tenant)
      }
      return { toMove: count, toPurge: await archived.countDocuments(toPurge(limits), { limit: max }) }
    },
    async statistics() {
      const first = archived
        .find({}, { projection: { updatedAt: 1 } })
        .sort({ updatedAt: 1 })
        .limit(1)
      const [live, stored, [oldest]] = await Promise.all([
        issues.estimatedDocumentCount(),
        archived.estimatedDocumentCount(),
        first.toArray(),
      ])
      return { live, archived: stored, oldestResolvedAt: oldest?.updatedAt ?? null }
    },
  }
}

/** By a jump along the index of all lists of a tenant. */
async function findTenant(issues: Collections['issues'], after: string | null): Promise<string | null> {
  const next = issues.find(after === null ? {} : { tenant: { $gt: after } }, { projection: { tenant: 1 } })
  const [found] = await next.sort({ tenant: 1, createdAt: 1, _id: 1 }).limit(1).toArray()
  return found?.tenant ?? null
}

/** By the index of status and creation: an issue was resolved after it was created. RESOLVED is final. */
function toMove(tenant: string, { movesBefore }: ArchiveLimits, after: Place | null): Filter<IssueDocument> {
  const createdAt = { $lt: movesBefore, ...(after && { $gte: after.createdAt }) }
  const beyond = after && { $or: [{ createdAt: { $gt: after.createdAt } }, { _id: { $gt: after.id } }] }
  return { ...sameTenant(tenant), status: 'RESOLVED', createdAt, updatedAt: { $lt: movesBefore }, ...beyond }
}

/** Nothing where all are kept: no issue is from before 1970. */
const toPurge = ({ purgesBefore }: ArchiveLimits) => ({ updatedAt: { $lt: purgesBefore ?? new Date(0) } })

const toRun = ({ _id: id, ...rest }: Omit<ArchiveRun, 'id'> & { _id: string }): ArchiveRun => ({ id, ...rest })
