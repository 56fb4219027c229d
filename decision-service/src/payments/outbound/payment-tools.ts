import { ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import { CustomerNotFoundError } from '@redress/shared/errors.ts'
import { type Clock, DAY_MS } from '@redress/shared/time.ts'
import { type } from 'arktype'
import { estimateBalance } from '../domain/payment-balance.ts'
import type { Tools } from '../use-cases/ports.ts'
import type { IssuesClient } from './issues-client.ts'
import type { FindPaymentHistory } from './mongo-payment-views.ts'

const RECENT_MS = 90 * DAY_MS

const BALANCE = `query PaymentBalance($customerId: ID!) {
  customer(id: $customerId) { transactions(first: 100) { nodes { amount { amount currency } status } } }
}`
const BalanceData = type({
  customer: type({
    transactions: {
      nodes: type({
        amount: { amount: 'number.integer', currency: 'string' },
        status: "'AUTHORIZED' | 'CAPTURED' | 'DECLINED' | 'REFUNDED' | 'DISPUTED'",
      }).array(),
    },
  }).or('null'),
})

const SIGNALS = `query PaymentSignals($customerId: ID!, $from: DateTime!) {
  customer(id: $customerId) { riskScore issues(first: 100, filter: { from: $from }) { nodes { type } } }
}`
const SignalsData = type({
  customer: type({
    riskScore: '0 <= number.integer <= 100',
    issues: { nodes: type({ type: type.enumerated(...ISSUE_TYPES) }).array() },
  }).or('null'),
})

const CREATE_CASE = `mutation PaymentCase($input: OpenPaymentCaseInput!) { openPaymentCase(input: $input) { issue { id } } }`
const CaseData = type({ openPaymentCase: { issue: { id: 'string' } } })

type Dependencies = Readonly<{ issues: IssuesClient; findHistory: FindPaymentHistory; now: Clock }>

/**
 * The tools of a payment decision. The balance is a stand-in until there is a ledger: `estimateBalance` over the
 * customer's newest 100 transactions.
 */
export function createPaymentTools({ issues, findHistory, now }: Dependencies): Tools {
  return {
    async getBalance({ customerId, currency }, attempt) {
      const asked = { query: BALANCE, variables: { customerId }, Data: BalanceData }
      const { customer } = await issues.ask(asked, attempt)
      if (customer === null) throw new CustomerNotFoundError(customerId)
      return estimateBalance(customer.transactions.nodes, currency)
    },
    async getRiskSignals({ customerId, payeeId, paymentId }, attempt) {
      const from = new Date(now().getTime() - RECENT_MS).toISOString()
      const asked = { query: SIGNALS, variables: { customerId, from }, Data: SignalsData }
      const [{ customer }, history] = await Promise.all([
        issues.ask(asked, attempt),
        findHistory({ customerId, payeeId, paymentId, now: now() }),
      ])
      if (customer === null) throw new CustomerNotFoundError(customerId)
      return { riskScore: customer.riskScore, recentIssues: countByType(customer.issues.nodes), ...history }
    },
    async createCase(input, attempt) {
      const { openPaymentCase } = await issues.ask(
        { query: CREATE_CASE, variables: { input }, Data: CaseData },
        attempt,
      )
      return { issueId: openPaymentCase.issue.id }
    },
  }
}

function countByType(issues: readonly Readonly<{ type: IssueType }>[]): Record<IssueType, number> {
  const counts: Record<IssueType, number> = { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 }
  for (const issue of issues) counts[issue.type]++
  return counts
}
