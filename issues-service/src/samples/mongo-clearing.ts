import type { Collections } from '../stores/collections.ts'
import type { Sample } from './seed.ts'

/**
 * Removes the customers of a sample with all that is theirs, so that it can be seeded as if for the first time. Decisions
 * and the audit log keep what they have about it. Interrupted, it is run again.
 */
export function createMongoClearing({ issues, archivedIssues, notes, transactions, customers, dataKeys }: Collections) {
  return async (sample: Pick<Sample, 'customers'>): Promise<void> => {
    const ids = sample.customers.map(({ id }) => id)
    for (const owned of [issues, archivedIssues, notes, transactions])
      await owned.deleteMany({ customerId: { $in: ids } })
    for (const named of [customers, dataKeys]) await named.deleteMany({ _id: { $in: ids } })
  }
}
