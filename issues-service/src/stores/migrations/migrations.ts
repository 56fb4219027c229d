import { deadEventMigrations } from '@redress/shared/events/dead-letters/dead-event-migrations.ts'
import { CONSUMER_GROUPS, STREAMS } from '@redress/shared/events/envelope.ts'
import { collectionsOf } from '@redress/shared/stores/collections.ts'
import { type MasterKeys, unwrapDataKey } from '@redress/shared/stores/encryption.ts'
import { giveTenant } from '@redress/shared/stores/migrations/give-tenant.ts'
import { type Migration, walkCollection } from '@redress/shared/stores/migrations/migration.ts'
import { openPersonalData } from '../../customers/mongo-personal-data.ts'
import type { BlindIndex } from '../../customers/ports.ts'
import { COLLECTIONS, type CustomerDocument, type IssueDocument } from '../collections.ts'
import { createCountFormerRefunds } from './count-former-refunds.ts'

type Keys = Readonly<{ blindIndex: BlindIndex; master: MasterKeys }>

/** The migrations of this service, in their order: a new one is added at the end. */
export function createMigrations(keys: Keys): readonly Migration[] {
  return [
    ...deadEventMigrations({ group: CONSUMER_GROUPS.issues, stream: STREAMS.decisions }),
    placeInReviewQueue,
    indexEmails(keys),
    createCountFormerRefunds(() => new Date()),
    giveTenant(COLLECTIONS.issues),
    giveTenant(COLLECTIONS.customers),
    giveTenant(COLLECTIONS.transactions),
  ]
}

const placeInReviewQueue = walkCollection<IssueDocument>({
  id: 'place-in-review-queue',
  description: 'Gives issues that wait for a person a place in the review queue, by their age alone.',
  collection: COLLECTIONS.issues.name,
  change: (issues) =>
    issues
      .filter(({ status, urgentAt }) => status === 'AWAITING_REVIEW' && urgentAt === undefined)
      .map(({ _id, createdAt: urgentAt }) => ({ updateOne: { filter: { _id }, update: { $set: { urgentAt } } } })),
})

const indexEmails = ({ blindIndex, master }: Keys) =>
  walkCollection<CustomerDocument>({
    id: 'index-emails',
    description: 'Makes customers known by their e-mail address, those that are not erased.',
    collection: COLLECTIONS.customers.name,
    async change(all, { db, session }) {
      const customers = all.filter(({ emailIndex }) => emailIndex === undefined)
      if (customers.length === 0) return []
      const { dataKeys } = collectionsOf(db, COLLECTIONS)
      const ids = customers.map(({ _id }) => _id)
      const found = await dataKeys.find({ _id: { $in: ids } }, { session }).toArray()
      const wrapped = new Map(found.map((key) => [key._id, key.wrapped]))
      return customers.flatMap((customer) => {
        const { _id } = customer
        const key = wrapped.get(_id)
        if (key === undefined) return []
        const { email } = openPersonalData(customer, unwrapDataKey(key, master, _id))
        const update = { $set: { emailIndex: blindIndex.ofEmail(email) } }
        return { updateOne: { filter: { _id }, update } }
      })
    },
  })
