import { readFileSync } from 'node:fs'

/** One sample operation, opened in a tab of GraphiQL. */
export type Tab = Readonly<{ query: string; variables: string }>

/** Midnight of a day, so that the page is the same all day. */
function daysAgo(days: number): string {
  return `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`
}

/** The sample operations, from left to right, with their variables. */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'follow-an-issue': {},
  'follow-issues': {},
  'list-issues': { filter: { status: ['AWAITING_REVIEW'] } },
  'create-issue': {
    input: {
      idempotencyKey: 'playground-1',
      customerId: 'cust_042',
      transactionId: 'txn_6201',
      details: { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 21 } },
    },
  },
  'review-issue': { input: { issueId: 'iss_', action: 'APPROVE_REFUND', note: 'Seen the photographs.' } },
  'simulate-decision': {
    input: {
      case: {
        details: { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 21 } },
        customer: { riskScore: 20, accountAgeDays: 400 },
        transaction: { amount: { amount: 15900, currency: 'USD' }, status: 'CAPTURED' },
      },
    },
  },
  'how-decisions-did': { from: daysAgo(30), to: daysAgo(-1) },
  policies: {},
  'decide-payment': {
    input: {
      customerId: 'cust_042',
      amount: { amount: 2500, currency: 'USD' },
      payeeId: 'payee_1',
      idempotencyKey: 'playground-1',
    },
  },
  queues: {},
  'verify-audit-chain': {},
}

export function readTabs(): readonly Tab[] {
  return Object.entries(OPERATIONS).map(([name, variables]) => ({
    query: readFileSync(new URL(`${name}.graphql`, import.meta.url), 'utf8'),
    variables: JSON.stringify(variables, null, 2),
  }))
}
