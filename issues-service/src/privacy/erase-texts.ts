import type { Clock } from '@redress/shared/time.ts'
import { erasePart, PART_ISSUES, SETTLE_MS } from './erasure.ts'
import type { ErasuresStore } from './ports.ts'

const CUSTOMERS_MAX = 100

type Dependencies = Readonly<{ store: ErasuresStore; now: Clock; onCommit: () => void }>

/**
 * Erases the texts of the issues of erased customers, part by part. Each part is one transaction, so that one that is
 * interrupted goes on where it was. A customer with an issue that was created beside the request waits until it is
 * resolved.
 * @returns what runs a round, and gives how many parts were erased.
 */
export function createEraseTexts({ store, now, onCommit }: Dependencies) {
  const erasePartOf = (customerId: string) =>
    store.transact(async (transaction) => {
      const erasure = await transaction.find(customerId)
      if (erasure === null || erasure.erasedAt !== null) return false
      const { openIssues } = await transaction.countOpenCases(customerId)
      if (openIssues > 0) return false
      const issues = await transaction.eraseTexts({ customerId, after: erasure.erasedUpTo, limit: PART_ISSUES })
      await transaction.save(erasePart(erasure, issues, now()))
      return true
    })

  return async (signal?: AbortSignal): Promise<number> => {
    let parts = 0
    const settled = new Date(now().getTime() - SETTLE_MS)
    for (const customerId of await store.findUnfinished(settled, CUSTOMERS_MAX)) {
      for (; await erasePartOf(customerId); parts++) {
        signal?.throwIfAborted()
        onCommit()
      }
    }
    return parts
  }
}
