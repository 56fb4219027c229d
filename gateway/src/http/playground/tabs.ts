import { readFileSync } from 'node:fs'

/** One operation to try, as GraphiQL opens it in a tab. */
export type Tab = Readonly<{ query: string; variables: string }>

/** Which operations the playground offers, from left to right, and the variables they start with. */
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
  queues: {},
  'verify-audit-chain': {},
}

export function readTabs(): readonly Tab[] {
  return Object.entries(OPERATIONS).map(([name, variables]) => ({
    query: readFileSync(new URL(`${name}.graphql`, import.meta.url), 'utf8'),
    variables: JSON.stringify(variables, null, 2),
  }))
}
