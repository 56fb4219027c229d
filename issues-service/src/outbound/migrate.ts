import { type MasterKey, unwrapDataKey } from '@redress/shared/stores/encryption.ts'
import type { Filter } from 'mongodb'
import type { BlindIndex } from '../use-cases/ports.ts'
import type { Collections, CustomerDocument } from './collections.ts'
import { openPersonalData } from './mongo-personal-data.ts'

/** Gives those issues that wait for a person a place, which are older than the review queue: by their age alone. */
export async function placeInReviewQueue({ issues }: Collections): Promise<void> {
  const unplaced = { status: 'AWAITING_REVIEW' as const, urgentAt: { $exists: false } }
  const found = issues.find(unplaced, { projection: { createdAt: 1 } })
  for await (const { _id, createdAt } of found)
    await issues.updateOne({ _id, ...unplaced }, { $set: { urgentAt: createdAt } })
}

/** Makes those customers known by their e-mail address that are older than the search by it, and not erased. */
export async function indexEmails(
  { customers, dataKeys }: Collections,
  { blindIndex, master }: Readonly<{ blindIndex: BlindIndex; master: MasterKey }>,
): Promise<void> {
  // Null matches a missing field, too, and by an index; $exists does not in the embedded database.
  for await (const customer of customers.find({ emailIndex: null } as object as Filter<CustomerDocument>)) {
    const { _id, emailSealed } = customer
    const key = await dataKeys.findOne({ _id })
    if (key === null) continue
    const { email } = openPersonalData(customer, unwrapDataKey(key.wrapped, master, _id))
    // Not where the address was changed meanwhile, which has indexed it.
    await customers.updateOne({ _id, emailSealed }, { $set: { emailIndex: blindIndex.ofEmail(email) } })
  }
}
