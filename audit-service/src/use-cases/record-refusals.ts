import { type Refusals, toRefusalEvent } from '../domain/refusals.ts'
import type { RecordAtOnce } from './ports.ts'

/** Resolves with the number of entries of the batch. */
export type RecordRefusals = (batch: Readonly<{ batchId: string; refusals: readonly Refusals[] }>) => Promise<number>

/** Adds a batch of refused requests to the chain. Repeated, the batch changes nothing. */
export function createRecordRefusals({ record }: Readonly<{ record: RecordAtOnce }>): RecordRefusals {
  return async ({ batchId, refusals }) => {
    await record(refusals.map((refused, index) => toRefusalEvent(refused, `refusal-${batchId}-${index}`)))
    return refusals.length
  }
}
