import DataLoader from 'dataloader'
import type { StoredPayment } from '../domain/stored-payment.ts'
import type { PaymentViews } from '../use-cases/ports.ts'

export type PaymentLoaders = Readonly<{ payments: DataLoader<string, StoredPayment | null> }>

export function createPaymentLoaders({ findPayments }: Pick<PaymentViews, 'findPayments'>): PaymentLoaders {
  return { payments: new DataLoader(findPayments) }
}
