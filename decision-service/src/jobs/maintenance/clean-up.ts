import { type Clock, DAY_MS } from '@redress/shared/time.ts'
import type { Collection, Filter } from 'mongodb'
import type { JobData } from '../frame/registry.ts'
import type { Processor } from '../processors/processor.ts'

type Data = JobData<'cleanup-old-data'>
type Cleaned = { _id: string }

/** The collection of each kind of data, and which of its documents were written before a moment and may go. */
export type OldData = Readonly<
  Record<Data['dataType'], Readonly<{ collection: Collection<Cleaned>; olderThan: (moment: Date) => Filter<Cleaned> }>>
>

/** Documents deleted at once: few enough not to hold others up. */
const PAGE = 1_000

type Dependencies = Readonly<{ oldData: OldData; now: Clock }>

/**
 * Deletes data before its retention ends, such as to make room. One that is stopped goes on where it was: what is deleted
 * is not found again.
 */
export function createCleanUp({ oldData, now }: Dependencies): Processor<Data> {
  return async ({ dataType, olderThanDays }, { signal }) => {
    const { collection, olderThan } = oldData[dataType]
    const filter = olderThan(new Date(now().getTime() - olderThanDays * DAY_MS))
    let deleted = 0
    let ids: string[] = []
    const deletePage = async () => {
      signal.throwIfAborted()
      deleted += (await collection.deleteMany({ _id: { $in: ids } })).deletedCount
      ids = []
    }
    for await (const { _id } of collection.find(filter, { projection: { _id: 1 }, batchSize: PAGE })) {
      ids.push(_id)
      if (ids.length === PAGE) await deletePage()
    }
    if (ids.length > 0) await deletePage()
    return { deleted }
  }
}
