import { ACTORS } from '@redress/shared/access/actors.ts'
import { PAYS_OUT } from '@redress/shared/actions.ts'
import type { Money } from '@redress/shared/contracts.ts'
import { causeOfService } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { collectionsOf } from '@redress/shared/stores/collections.ts'
import { walkCollection } from '@redress/shared/stores/migrations/migration.ts'
import type { Clock } from '@redress/shared/time.ts'
import { countFormerRefunds, type Transaction } from '../../transactions/transaction.ts'
import { COLLECTIONS, type IssueDocument, toTransaction } from '../collections.ts'

/** Refunds that were approved before approvals were counted have no amount. */
const isFormerRefund = ({ status, resolution, transactionId }: IssueDocument): boolean =>
  status === 'RESOLVED' &&
  transactionId !== null &&
  resolution !== null &&
  resolution.amount === undefined &&
  PAYS_OUT[resolution.action]

/** Counts the refunds of a payment together, at the first of them: what was paid back since settles the oldest. */
export const createCountFormerRefunds = (now: Clock) =>
  walkCollection<IssueDocument>({
    id: 'count-former-refunds',
    description: 'Counts refunds that were approved before there was a limit against their payments.',
    collection: COLLECTIONS.issues.name,
    async change(page, { db, session }) {
      const ids = new Set(page.filter(isFormerRefund).flatMap(({ transactionId }) => transactionId ?? []))
      if (ids.size === 0) return []
      const { issues, transactions } = collectionsOf(db, COLLECTIONS)
      const wanted = { $in: [...ids] }
      const found = await issues.find({ transactionId: wanted }, { session }).toArray()
      const former = Map.groupBy(found.filter(isFormerRefund), ({ transactionId }) => transactionId!)
      const payments = await transactions.find({ _id: wanted }, { session }).toArray()

      const counted = payments.map(toTransaction).map((payment) => countRefundsOf(payment, former.get(payment.id)!))
      const changes = counted.map(({ payment, sum }) =>
        countFormerRefunds(payment, sum, { cause: causeOfService(ACTORS.issues), now: now() }),
      )
      await transactions.bulkWrite(
        changes.map(({ transaction: { id: _id, approvals, version, updatedAt } }) => ({
          updateOne: { filter: { _id }, update: { $set: { approvals, version, updatedAt } } },
        })),
        { session },
      )
      const events = changes.map(({ event }) => event)
      await createOutbox(db, () => {}).add(events, session)
      return counted.flatMap(({ amounts }) =>
        amounts.map(([_id, amount]) => ({
          updateOne: { filter: { _id }, update: { $set: { 'resolution.amount': amount } } },
        })),
      )
    },
  })

/** The amount of each refund, which is at most that of the payment, and their sum. */
function countRefundsOf(payment: Transaction, refunds: readonly IssueDocument[]) {
  const amounts = refunds.map(({ _id, details }): readonly [string, Money] => {
    const asked = details.type === 'REFUND_REQUEST' ? details.partialAmount : null
    const isPart = asked !== null && asked.currency === payment.amount.currency
    const amount = isPart ? Math.min(asked.amount, payment.amount.amount) : payment.amount.amount
    return [_id, { ...payment.amount, amount }]
  })
  return { payment, amounts, sum: amounts.reduce((sum, [, { amount }]) => sum + amount, 0) }
}
