import {
  DecryptionError,
  type MasterKeys,
  masterKeyIdOf,
  unwrapDataKey,
  wrapDataKey,
} from '@redress/shared/stores/encryption.ts'
import type { AnyBulkWriteOperation } from 'mongodb'
import type { Collections, DataKeyDocument } from '../stores/collections.ts'

const PAGE_SIZE = 500

export type Rotated = Readonly<{
  /** Data keys that the current master key wraps now, or would wrap after a dry run. */
  rotated: number
  /** Data keys that cannot be unwrapped although their master key is known. They stay as they are. */
  damaged: number
}>

type Options = Readonly<{
  dataKeys: Collections['dataKeys']
  master: MasterKeys
  isDryRun?: boolean
  pageSize?: number
  onProgress?: (rotated: Rotated) => void
  onDamaged?: (customerId: string) => void
}>

/**
 * Wraps the data keys of all previous master keys with the current one, page by page. Each is replaced only where it is
 * still as it was read: an interruption leaves it readable by one of the two keys, and an erased one stays erased.
 */
export async function rotateDataKeys({ dataKeys, master, ...options }: Options): Promise<Rotated> {
  const { isDryRun = false, pageSize = PAGE_SIZE, onProgress = () => {}, onDamaged = () => {} } = options
  let [rotated, damaged] = [0, 0]
  for (const keyId of master.byId.keys()) {
    if (keyId === master.current.id) continue
    let position = keyId
    while (true) {
      const range = { wrapped: { $gt: position, $lt: endOf(keyId) } }
      const page = await dataKeys.find(range).sort({ wrapped: 1 }).limit(pageSize).toArray()
      if (page.length === 0) break
      const writes = page.flatMap((one) => toWrite(one, { master, onDamaged }))
      damaged += page.length - writes.length
      if (isDryRun) rotated += writes.length
      else if (writes.length > 0) rotated += (await dataKeys.bulkWrite(writes, { ordered: false })).modifiedCount
      onProgress({ rotated, damaged })
      position = page.at(-1)!.wrapped
    }
  }
  return { rotated, damaged }
}

/** Nothing for a damaged data key. */
function toWrite(
  { _id, wrapped }: DataKeyDocument,
  { master, onDamaged }: Pick<Options, 'master'> & Required<Pick<Options, 'onDamaged'>>,
): readonly AnyBulkWriteOperation<DataKeyDocument>[] {
  try {
    const anew = wrapDataKey(unwrapDataKey(wrapped, master, _id), master, _id)
    return [{ updateOne: { filter: { _id, wrapped }, update: { $set: { wrapped: anew } } } }]
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error
    onDamaged(_id)
    return []
  }
}

/** How many data keys each master key wraps: all that wrap any, and all that are given. Jumps from one to the next. */
export async function countByMasterKey(
  dataKeys: Collections['dataKeys'],
  master: MasterKeys,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map([...master.byId.keys()].map((keyId) => [keyId, 0]))
  let position = ''
  while (true) {
    const next = await dataKeys.findOne({ wrapped: { $gt: position } }, { sort: { wrapped: 1 } })
    if (next === null) return counts
    const keyId = masterKeyIdOf(next.wrapped)
    const range = { wrapped: { $gte: keyId, $lt: endOf(keyId) } }
    counts.set(keyId, await dataKeys.countDocuments(range))
    position = endOf(keyId)
  }
}

/** The slash is the character behind the full stop, which ends the id in a stored text. */
const endOf = (keyId: string) => `${keyId}/`
