import type { JobView } from '../orders/job-view.ts'
import { unpack } from '../records/stored-json.ts'
import type { Queued } from './dead-letter.ts'
import type { LetterCollection } from './letter-documents.ts'

/** The job in the queue of a failed one that has no record: as its dead letter has it, or as Redis shows it. */
export function createFindQueued(deadLetters: LetterCollection) {
  return async ({ id, data, actor, parentId, priority }: JobView): Promise<Queued> => {
    const queued = (await deadLetters.findOne({ _id: id }, { projection: { queued: 1 } }))?.queued
    if (queued !== undefined) return { message: unpack(queued.message), priority: queued.priority }
    return { message: { data, actor, requestId: null, ...(parentId !== null && { parentId }) }, priority }
  }
}
