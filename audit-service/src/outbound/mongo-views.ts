import { inOrder } from '@redress/shared/stores/in-order.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import type { AuditFilter, Views } from '../use-cases/ports.ts'
import { type Collections, type EntryDocument, toEntry } from './collections.ts'

const NEWEST_FIRST = { field: 'sequence', direction: -1, unique: true } as const
/** By the moment of the act: after a crash, an act may be recorded later than the next one of the same issue. */
const OLDEST_FIRST = { field: 'at', direction: 1 } as const

/** Reads entries for callers. */
export function createMongoViews({ entries, heads }: Collections): Views {
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
    pagesOfTrails: ({ type: entityType, ids: owners }, page) =>
      readPages({
        ...{ collection: entries, filter: { entityType }, order: OLDEST_FIRST, page, toNode: toEntry },
        ...{ ownerField: 'entityId', owners },
      }),
  }
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
