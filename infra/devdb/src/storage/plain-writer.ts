import type { Catalog } from './catalog.ts'
import { applyChange, type Change, compareEntries, createWriter, documentLock, keyLock, type Writer } from './change.ts'
import { duplicateId, duplicateKey } from './indexes.ts'
import type { Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** A plain write met a lock of a running transaction; it may go on when that is over. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly over: Promise<void>

  constructor(over: Promise<void>) {
    super('Locked by a running transaction.')
    this.over = over
  }
}

type Dependencies = Readonly<{ storage: Storage; catalog: Catalog; transactions: Transactions }>

/**
 * Writes outside of transactions, into the present. It takes no locks, because each of its changes is done in one turn
 * of the event loop. @throws LockedError when a transaction holds the document or a unique key.
 */
export function createPlainWriter(dependencies: Dependencies): Writer {
  const { storage, transactions } = dependencies
  const refuseLocked = (name: string) => {
    const holder = transactions.holderOf(name)
    if (holder) throw new LockedError(holder.over)
  }
  return createWriter((change: Change) => {
    const { collection, id } = change
    refuseLocked(documentLock(change))
    if (change.before === null && storage.get(collection.number, id))
      throw duplicateId(collection.namespace, change.after!)
    const difference = compareEntries(change)
    for (const entry of difference.added.filter(({ index }) => index.unique)) {
      refuseLocked(keyLock(entry))
      const owner = storage.entry(entry.index.number, entry.key)
      if (owner && Buffer.compare(owner, id) !== 0) throw duplicateKey(entry.index, collection.namespace, change.after!)
    }
    applyChange(dependencies, change, difference)
  })
}
