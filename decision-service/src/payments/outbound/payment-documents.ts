import type { Collection } from 'mongodb'
import type { Settlement } from '../domain/settlement.ts'
import type { JudgedPayment, StoredPayment } from '../domain/stored-payment.ts'

/** Held by one who decides it, or decided for good. Kept for ever: the key of a payment never means another one. */
type Held = { status: 'IN_PROGRESS'; holder: string; heldUntil: Date; judged: JudgedPayment | null }
type Asked = Pick<StoredPayment, 'customerId' | 'payeeId' | 'amount'> & {
  _id: string
  digest: string
  requestedAt: Date
  /** Missing until the case was reviewed. */
  settlement?: Settlement
}
export type PaymentDocument = Asked & (Held | ({ status: 'DECIDED' } & Omit<StoredPayment, 'id'>))

export type PaymentCollections = Readonly<{ payments: Collection<PaymentDocument> }>

export function toPayment(document: PaymentDocument): StoredPayment | null {
  if (document.status !== 'DECIDED') return null
  const { _id: id, customerId, payeeId, amount, verdict, reasons, trace, caseId } = document
  const { requestId, durationMs, decidedAt, settlement } = document
  const answer = { id, customerId, payeeId, amount, verdict, reasons, trace, caseId, requestId, durationMs, decidedAt }
  return { ...answer, ...(settlement && { settlement }) }
}
