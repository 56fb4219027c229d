import { type } from 'arktype'

const Money = type({ amount: 'number.integer > 0', currency: /^[A-Z]{3}$/ })

/** Sample customers and transactions; moments are given as days before today. */
export const SampleData = type({
  customers: type({
    id: 'string > 0',
    email: 'string.email',
    name: 'string > 0',
    riskScore: '0 <= number.integer <= 100',
    createdDaysAgo: 'number.integer >= 0',
  }).array(),
  transactions: type({
    id: 'string > 0',
    customerId: 'string > 0',
    merchant: 'string > 0',
    amount: Money,
    status: "'AUTHORIZED' | 'CAPTURED' | 'DECLINED' | 'REFUNDED' | 'DISPUTED'",
    createdDaysAgo: 'number.integer >= 0',
    installmentPlan: type({ totalInstallments: 'number.integer > 0', installmentAmount: Money }).or('null'),
    shipping: type({
      status: "'PENDING' | 'IN_TRANSIT' | 'DELIVERED' | 'LOST'",
      deliveredDaysAgo: 'number.integer >= 0 | null',
    }).or('null'),
  }).array(),
})
export type SampleData = typeof SampleData.infer
