import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import { inOrder } from '@redress/shared/stores/in-order.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { readPage, sizeOf, toConnection } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import type { AuditEntry } from '../domain/entry.ts'
import type { AuditFilter, Views } from '../use-cases/ports.ts'
import { type Collections, type EntryDocument, toEntry } from './collections.ts'

const NEWEST_FIRST = { field: 'sequence', direction: -1, unique: true } as const
/** By the moment of the act: after a crash, an act may be recorded later than the next one of the same issue. */
const OLDEST_FIRST = { field: 'at', direction: 1 } as const

/** Entries up to which the trails of a list of issues are read in one query. */
const TOGETHER_MAX = 2_000

/** Reads entries for callers. */
export function createMongoViews({ entries, heads }: Collections): Views {
  const pageOfTrail = (entityId: string, page: PageArguments) => {
    const filter = { entityType: 'Issue', entityId }
    return readPage({ collection: entries, filter, order: OLDEST_FIRST, page, toNode: toEntry })
  }
  const readTogether = (ids: readonly string[]) =>
    entries
      .find({ entityId: { $in: [...ids] }, entityType: 'Issue' })
      .sort({ entityId: 1, entityType: 1, at: 1, _id: 1 })
      .limit(TOGETHER_MAX + 1)
      .toArray()
  // The chain has no gaps, so its length is the sequence of its end; counting would read all of it.
  const countAll = async () => (await heads.findOne({ _id: 'head' }))?.sequence ?? 0

  return {
    async find(ids) {
      const found = await entries.find({ _id: { $in: [...ids] } }).toArray()
      return inOrder(ids, found.map(toEntry))
    },
    async pageOfLog(filter, page) {
      const conditions = toConditions(filter)
      const read = { collection: entries, filter: conditions, order: NEWEST_FIRST, page, toNode: toEntry }
      const connection = await readPage(read)
      return Object.keys(conditions).length > 0 ? connection : { ...connection, totalCount: countAll }
    },
    async pagesOfTrails(issueIds, page) {
      const alone = () => Promise.all(issueIds.map((id) => pageOfTrail(id, page)))
      // A cursor belongs to one issue.
      if (issueIds.length === 1 || page.after != null || page.before != null || page.last != null) return alone()
      const size = sizeOf(page)
      const found = await readTogether(issueIds)
      if (found.length > TOGETHER_MAX) return alone()

      const byIssue = Map.groupBy(found, ({ entityId }) => entityId)
      return issueIds.map((id) => toTrail(byIssue.get(id) ?? [], size, page))
    },
  }
}

function toTrail(found: readonly EntryDocument[], size: number, page: PageArguments): Connection<AuditEntry> {
  const count = async () => found.length
  return toConnection({ found, size, order: OLDEST_FIRST, page, toNode: toEntry, count })
}

function toConditions({ entityType, entityId, action, actor, ...range }: AuditFilter): Filter<EntryDocument> {
  const at = within(range)
  return {
    ...(entityType != null && { entityType }),
    ...(entityId != null && { entityId }),
    ...(action != null && { action }),
    ...(actor != null && { actor }),
    ...(at && { at }),
  }
}
