import type { Money, TransactionFacts } from '@redress/shared/contracts.ts'

/** A card payment. */
export type Transaction = Readonly<{
  id: string
  customerId: string
  merchant: string
  amount: Money
  status: TransactionFacts['status']
  installmentPlan: Readonly<{ totalInstallments: number; installmentAmount: Money }> | null
  shipping: Readonly<{ status: NonNullable<TransactionFacts['shippingStatus']>; deliveredAt: Date | null }> | null
  createdAt: Date
}>
