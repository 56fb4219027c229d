import { numbered } from './operations.ts'

/** The definition of a field: an object of fields, a list, or a value as it stands in the answer. */
export type Row = Readonly<{ __typename: string } & Record<string, unknown>>
type Arguments = Readonly<Record<string, unknown>>
/** The root fields of a subgraph; `entityOf` answers a representation. */
export type BenchGraph = Readonly<{
  fields: Readonly<Record<string, (args: Arguments) => Row>>
  entityOf: (representation: Readonly<{ id: string }>) => Row
}>
/** A field whose value needs the arguments. */
export type Computed = (args: Arguments) => unknown

const AT = '2030-01-01T09:00:00.000Z'
const HASH = 'b6c51e5d5f6a1d7c0b1f4d5f7a8e4b0e9d2c3a4f5b6e7d8c9a0b1c2d3e4f5a6b'

const PAGE: Row = { __typename: 'PageInfo', hasNextPage: true, endCursor: numbered('cur_', 50) }

const numberIn = (id: string) => Number(id.slice(-7))

/** Values that depend on the number have the same length for each; see `numbered`. */
function toIssue(id: string): Row {
  return {
    __typename: 'Issue',
    id,
    type: 'REFUND_REQUEST',
    status: 'RESOLVED',
    priority: 'NORMAL',
    version: 3 + (numberIn(id) % 7),
    createdAt: AT,
    updatedAt: AT,
    customer: { __typename: 'Customer', id: numbered('cust_', numberIn(id)), riskScore: 10 + (numberIn(id) % 90) },
    transaction: {
      __typename: 'Transaction',
      id: numbered('txn_', numberIn(id)),
      merchant: 'Northwind Outdoor',
      status: 'CAPTURED',
      amount: { __typename: 'Money', amount: 1_000_000 + numberIn(id), currency: 'USD' },
    },
    resolution: { __typename: 'Resolution', action: 'APPROVE_REFUND', by: 'service:decisions', at: AT },
    statusHistory: [
      { __typename: 'StatusChange', from: 'PENDING', to: 'PROCESSING', changedBy: 'service:decisions', at: AT },
      { __typename: 'StatusChange', from: 'PROCESSING', to: 'RESOLVED', changedBy: 'service:decisions', at: AT },
    ],
  }
}

function toDecision(id: string): Row {
  return {
    __typename: 'Decision',
    id: numbered('dec_', numberIn(id)),
    action: 'APPROVE_REFUND',
    confidence: 10 + (numberIn(id) % 90),
    routing: 'AUTO_RESOLVE',
    engine: 'RULES',
    fallback: false,
    policyApplied: 'refund-policy §1.2',
    policy: { __typename: 'PolicyVersion', skill: 'refund-policy', version: '1.0.0' },
    reasoning: 'The item arrived defective, within the window of thirty days, and the amount is below the limit.',
    decidedAt: AT,
  }
}

function toEntry(issueId: string, at: number): Row {
  const sequence = 1_000_000 + ((numberIn(issueId) * 3 + at) % 1_000_000)
  return {
    __typename: 'AuditEntry',
    id: numbered('aud_', sequence),
    sequence,
    action: at === 0 ? 'ISSUE_CREATED' : 'DECISION_MADE',
    actor: 'service:decisions',
    at: AT,
    hash: HASH,
  }
}

function toPage({ first, after }: Arguments): Row {
  const start = typeof after === 'string' ? numberIn(after) : 0
  const nodes = Array.from({ length: Number(first ?? 20) }, (_, at) => toIssue(numbered('iss_', start + at)))
  return { __typename: 'IssueConnection', nodes, pageInfo: PAGE }
}

function toTrail(issueId: string): Computed {
  return ({ first }) => {
    const nodes = Array.from({ length: Number(first ?? 20) }, (_, at) => toEntry(issueId, at))
    return { __typename: 'AuditConnection', nodes }
  }
}

export const BENCH_GRAPHS: Readonly<Record<string, BenchGraph>> = {
  issues: {
    fields: { issue: ({ id }) => toIssue(String(id)), issues: toPage },
    entityOf: ({ id }) => toIssue(id),
  },
  decisions: {
    fields: {},
    entityOf: ({ id }) => ({ __typename: 'Issue', id, decision: toDecision(id) }),
  },
  audit: {
    fields: {},
    entityOf: ({ id }) => ({ __typename: 'Issue', id, auditTrail: toTrail(id) }),
  },
}
