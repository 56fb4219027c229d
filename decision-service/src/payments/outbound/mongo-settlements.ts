import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { ClientSession } from 'mongodb'
import type { NewReview } from '../../domain/review.ts'
import { paymentSettledEvent, settle } from '../domain/settlement.ts'
import type { PaymentCollections } from './payment-documents.ts'

type Stores = Readonly<{ collections: PaymentCollections; outbox: Pick<Outbox, 'add'> }>
export type SettlePayments = (reviews: readonly NewReview[], session: ClientSession) => Promise<void>

/**
 * Settles the payments whose cases were reviewed, with an event each, in the transaction of the consumer. The first review
 * that settles a payment stands; a repeat changes nothing.
 */
export function createSettlePayments({ collections: { payments }, outbox }: Stores): SettlePayments {
  return async (reviews, session) => {
    for (const review of reviews) {
      if (review.paymentId === undefined) continue
      const open = { _id: review.paymentId, settlement: { $exists: false } }
      const found = await payments.findOne(open, { session })
      if (found === null) continue
      // A review may come before the decision is stored, after a crash between the case and the answer.
      const decidedAt = found.status === 'DECIDED' ? found.decidedAt : found.requestedAt
      const settlement = settle(decidedAt, review)
      await payments.updateOne(open, { $set: { settlement } }, { session })
      const payment = { id: found._id, customerId: found.customerId, decidedAt }
      await outbox.add([paymentSettledEvent(payment, settlement, review)], session)
    }
  }
}
