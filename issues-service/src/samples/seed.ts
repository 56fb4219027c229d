import type { Money } from '@redress/shared/contracts.ts'
import type { PersonalData } from '../customers/customer.ts'
import type { Transaction } from '../transactions/transaction.ts'

/** Sample customers and transactions; moments are given as days before today. */
export type Sample = Readonly<{
  customers: readonly (Pick<PersonalData, 'email' | 'name'> & {
    id: string
    riskScore: number
    createdDaysAgo: number
  })[]
  transactions: readonly (Pick<Transaction, 'id' | 'customerId' | 'merchant' | 'status' | 'installmentPlan'> & {
    amount: Money
    createdDaysAgo: number
    shipping: { status: NonNullable<Transaction['shipping']>['status']; deliveredDaysAgo: number | null } | null
  })[]
}>

export type Seed = (sample: Sample, now: Date) => Promise<void>
