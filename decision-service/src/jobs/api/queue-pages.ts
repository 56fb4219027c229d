import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { sizeOf } from '@redress/shared/stores/pagination.ts'
import type { Queue } from 'bullmq'
import type { Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'
import type { JobState, JobView } from '../orders/job-view.ts'
import type { JobViews } from './job-views.ts'

/** The lists of BullMQ that hold the jobs of a state, in the order in which they are read. */
const LISTS: Readonly<Record<JobState, readonly string[]>> = {
  ACTIVE: ['active'],
  WAITING: ['wait', 'prioritized'],
  DELAYED: ['delayed'],
  FAILED: ['failed'],
  COMPLETED: ['completed'],
  CANCELLED: [],
}
const STATES = Object.keys(LISTS) as readonly JobState[]
/** The newest of these come first; of the others, what is next. */
const NEWEST_FIRST: ReadonlySet<string> = new Set(['failed', 'completed'])

export type PageOfQueue = (
  queue: QueueName,
  states: readonly JobState[] | null,
  page: PageArguments,
) => Promise<Connection<JobView>>

/**
 * Jobs of a queue at this moment, by state. A cursor is a place in the list, so that a job that moves meanwhile may be
 * missing from the pages, or be in two of them.
 */
export function createPageOfQueue(queues: Queues, views: JobViews): PageOfQueue {
  return (name, states, page) =>
    queues[name].use(async (queue) => {
      const lists = STATES.filter((state) => states === null || states.includes(state)).flatMap((state) => LISTS[state])
      const counts = await Promise.all(lists.map((list) => countOf(queue, list)))
      const total = counts.reduce((sum, count) => sum + count, 0)
      const [from, to] = boundsOf(page, total)
      const ids = await readIds(queue, lists, counts, [from, to])
      const found = await views.many(ids)
      const edges = found.flatMap((node, index) => (node ? [{ cursor: toCursor(from + index), node }] : []))
      return {
        ...{ nodes: edges.map(({ node }) => node), edges, totalCount: async () => total },
        pageInfo: {
          ...{ hasNextPage: to < total, hasPreviousPage: from > 0 },
          ...{ startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
        },
      }
    })
}

const countOf = async (queue: Queue, list: string) => queue.getJobCountByTypes(list as 'wait')

type Range = readonly [from: number, to: number]

/** The places of a page. @throws BadUserInputError */
function boundsOf(page: PageArguments, total: number): Range {
  const size = sizeOf(page)
  const first = page.after == null ? 0 : readCursor('after', page.after) + 1
  const end = page.before == null ? total : Math.min(total, readCursor('before', page.before))
  if (page.last != null) return [Math.max(first, end - size), Math.max(first, end)]
  return [Math.min(first, end), Math.min(end, first + size)]
}

async function readIds(queue: Queue, lists: readonly string[], counts: readonly number[], [from, to]: Range) {
  const ids: string[] = []
  let offset = 0
  for (const [index, list] of lists.entries()) {
    const [start, end] = [Math.max(0, from - offset), Math.min(counts[index]!, to - offset)]
    if (start < end) ids.push(...(await queue.getRanges([list as 'wait'], start, end - 1, !NEWEST_FIRST.has(list))))
    offset += counts[index]!
  }
  return ids
}

const toCursor = (place: number) => Buffer.from(`place ${place}`).toString('base64url')

function readCursor(argument: string, cursor: string): number {
  const place = /^place (\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  if (place === undefined) throw new BadUserInputError([argument], 'is not a cursor of this list')
  return Number(place)
}
