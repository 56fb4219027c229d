import { readPage, sizeOf, toConnection } from '@redress/shared/pagination.ts'
import type { Filter } from 'mongodb'
import type { AuditFilter, Views } from '../use-cases/ports.ts'
import { type Collections, type EntryDocument, toEntry } from './documents.ts'

const NEWEST_FIRST = { field: 'sequence', direction: -1 } as const
const OLDEST_FIRST = { field: 'sequence', direction: 1 } as const

/** What callers read. */
export function createMongoViews({ entries }: Collections): Views {
  const trailOf = (issueId: string) => ({ entityType: 'Issue', entityId: issueId })
  return {
    async find(ids) {
      const found = await entries.find({ _id: { $in: [...ids] } }).toArray()
      const byId = new Map(found.map((document) => [document._id, toEntry(document)]))
      return ids.map((id) => byId.get(id) ?? null)
    },
    pageOfLog: (filter, page) =>
      readPage({ collection: entries, filter: toConditions(filter), order: NEWEST_FIRST, page, toNode: toEntry }),
    async pagesOfTrails(issueIds, page) {
      const pageOf = (id: string) =>
        readPage({ collection: entries, filter: trailOf(id), order: OLDEST_FIRST, page, toNode: toEntry })
      if (issueIds.length === 1 || page.after != null) return Promise.all(issueIds.map(pageOf))

      // An issue has a handful of entries: all trails of a list are read in one go.
      const size = sizeOf(page)
      const all = await entries
        .find({ entityType: 'Issue', entityId: { $in: [...issueIds] } })
        .sort({ entityType: 1, entityId: 1, sequence: 1 })
        .toArray()
      const byIssue = Map.groupBy(all, ({ entityId }) => entityId)
      return issueIds.map((id) => {
        const found = byIssue.get(id) ?? []
        return toConnection({
          found,
          size,
          order: OLDEST_FIRST,
          page,
          toNode: toEntry,
          count: async () => found.length,
        })
      })
    },
  }
}

function toConditions({ entityType, entityId, action, actor, after, before }: AuditFilter): Filter<EntryDocument> {
  return {
    ...(entityType != null && { entityType }),
    ...(entityId != null && { entityId }),
    ...(action != null && { action }),
    ...(actor != null && { actor }),
    ...((after || before) && { at: { ...(after && { $gt: after }), ...(before && { $lt: before }) } }),
  }
}
