import { randomUUID } from 'node:crypto'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction, isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import type { MongoClient } from 'mongodb'
import type { ClaimOutcome, ClaimRequest, PaymentClaim, Payments } from '../use-cases/ports.ts'
import { type PaymentCollections, type PaymentDocument, toPayment } from './payment-documents.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  collections: PaymentCollections
  outbox: Outbox
}>

const HELD: ClaimOutcome = { kind: 'HELD' }

/** Payments in MongoDB. The first insert gets the claim; the answer and its events share a transaction. */
export function createMongoPayments({ mongo, collections: { payments }, outbox }: Dependencies): Payments {
  const mine = ({ id, holder }: PaymentClaim) => ({ _id: id, status: 'IN_PROGRESS' as const, holder })

  const takeOver = async (found: PaymentDocument & { holder: string }, holder: string, heldUntil: Date) => {
    const lost = { _id: found._id, status: 'IN_PROGRESS' as const, holder: found.holder }
    const taken = await payments.findOneAndUpdate(lost, { $set: { holder, heldUntil } }, { returnDocument: 'after' })
    if (taken?.status !== 'IN_PROGRESS') return HELD
    return { kind: 'CLAIMED', claim: { id: taken._id, holder, judged: taken.judged } } as const
  }

  return {
    async claim(request) {
      const { id, digest, now, heldUntil } = request
      const former = await findFormer(payments, request)
      if (former !== null) return { kind: 'DECIDED', payment: former }

      const holder = randomUUID()
      if (await insertClaim(payments, request, holder)) return { kind: 'CLAIMED', claim: { id, holder, judged: null } }

      const found = await payments.findOne({ _id: id })
      if (found === null) return HELD // Released between the two reads; a retry can claim it.
      if (found.digest !== digest) return { kind: 'OTHER_INPUT' }
      if (found.status === 'DECIDED') return { kind: 'DECIDED', payment: toPayment(found)! }
      return found.heldUntil > now ? HELD : takeOver(found, holder, heldUntil)
    },
    async remember(claim, judged) {
      const { matchedCount } = await payments.updateOne(mine(claim), { $set: { judged } })
      return matchedCount === 1
    },
    finish: (claim, { id: _, ...payment }, events) =>
      inTransaction(mongo, async (session) => {
        const update = {
          $set: { ...payment, status: 'DECIDED' as const },
          $unset: { holder: '' as const, heldUntil: '' as const, judged: '' as const },
        }
        const { matchedCount } = await payments.updateOne(mine(claim), update, { session })
        if (matchedCount === 0) return false
        await outbox.add(events, session)
        return true
      }),
    async release(claim) {
      const { deletedCount } = await payments.deleteOne({ ...mine(claim), judged: null })
      if (deletedCount === 0) await payments.updateOne(mine(claim), { $set: { heldUntil: new Date(0) } })
    },
  }
}

async function findFormer(payments: PaymentCollections['payments'], { formerId, digest }: ClaimRequest) {
  const former = await payments.findOne({ _id: formerId, digest, status: 'DECIDED' })
  return former && toPayment(former)
}

/** False if the payment is claimed or decided. */
async function insertClaim(
  payments: PaymentCollections['payments'],
  { id, digest, input, now, heldUntil }: ClaimRequest,
  holder: string,
): Promise<boolean> {
  const { customerId, payeeId, amount } = input
  const asked = { _id: id, digest, customerId, payeeId, amount, requestedAt: now }
  try {
    await payments.insertOne({ ...asked, status: 'IN_PROGRESS', holder, heldUntil, judged: null })
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}
