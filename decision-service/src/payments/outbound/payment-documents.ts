import type { Db } from 'mongodb'
import type { JudgedPayment, StoredPayment } from '../domain/stored-payment.ts'
import type { BusinessRule } from '../rules/business-rule.ts'

/** Held by one who decides it, or decided for good. Kept for ever: the key of a payment never means another one. */
type Held = { status: 'IN_PROGRESS'; holder: string; heldUntil: Date; judged: JudgedPayment | null }
type Asked = Pick<StoredPayment, 'customerId' | 'payeeId' | 'amount'> & {
  _id: string
  digest: string
  requestedAt: Date
}
export type PaymentDocument = Asked & (Held | ({ status: 'DECIDED' } & Omit<StoredPayment, 'id'>))
export type RuleDocument = Omit<BusinessRule, 'id'> & { _id: string }

export function paymentCollectionsOf(db: Db) {
  return {
    payments: db.collection<PaymentDocument>('payment_decisions'),
    rules: db.collection<RuleDocument>('business_rules'),
  }
}
export type PaymentCollections = ReturnType<typeof paymentCollectionsOf>

/** Creates the indexes; rules are read by id, all of them. */
export async function preparePaymentCollections({ payments }: Pick<PaymentCollections, 'payments'>): Promise<void> {
  await payments.createIndexes([
    { key: { customerId: 1, requestedAt: 1 }, name: 'recent_of_customer' },
    { key: { customerId: 1, payeeId: 1, verdict: 1 }, name: 'of_payee' },
    // All that the metrics read is in the index.
    { key: { decidedAt: -1, verdict: 1, durationMs: 1 }, name: 'newest' },
  ])
}

export function toPayment(document: PaymentDocument): StoredPayment | null {
  if (document.status !== 'DECIDED') return null
  const { _id: id, customerId, payeeId, amount, verdict, reasons, trace, caseId } = document
  const { requestId, durationMs, decidedAt } = document
  return { id, customerId, payeeId, amount, verdict, reasons, trace, caseId, requestId, durationMs, decidedAt }
}

export function toRule({ _id, ...rest }: RuleDocument): BusinessRule {
  return { id: _id, ...rest }
}
