import { setTimeout as pause } from 'node:timers/promises'
import { callPatiently, type Endpoint } from './graphql-client.ts'

/** Five typical payment issues of the customers and transactions in `sample-data.json`. */
export const SAMPLE_ISSUES = [
  {
    customerId: 'cust_042',
    transactionId: 'txn_5521',
    details: { decline: { errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 } },
  },
  {
    customerId: 'cust_108',
    transactionId: 'txn_4892',
    details: {
      missedInstallment: {
        installmentNumber: 2,
        totalInstallments: 4,
        amountDue: { amount: 6250, currency: 'USD' },
        daysOverdue: 5,
      },
    },
  },
  {
    customerId: 'cust_217',
    transactionId: 'txn_6103',
    details: { dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: 12 } },
  },
  {
    customerId: 'cust_315',
    transactionId: 'txn_5998',
    details: { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 10 } },
  },
  {
    customerId: 'cust_042',
    transactionId: 'txn_6201',
    details: {
      refundRequest: {
        reason: 'CHANGED_MIND',
        daysSincePurchase: 21,
        partialAmount: { amount: 5000, currency: 'USD' },
      },
    },
  },
] as const

export type SampleIssue = Readonly<{
  id: string
  type: string
  status: 'PENDING' | 'PROCESSING' | 'AWAITING_REVIEW' | 'RESOLVED' | 'FAILED'
  decision: Readonly<{ action: string; confidence: number; routing: string }> | null
}>

const DECIDED_WITHIN_MS = 120_000
const ASK_EVERY_MS = 100

const CREATE = `mutation CreateSampleIssue($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } } }`
const FIELDS = `id type status decision { action confidence routing }`

/** Creates the five issues and returns their ids. A repeated key prefix returns the same issues. @throws GraphqlError */
export async function createSampleIssues(endpoint: Endpoint, keyPrefix: string): Promise<readonly string[]> {
  const create = async (sample: (typeof SAMPLE_ISSUES)[number], index: number) => {
    const input = { idempotencyKey: `${keyPrefix}-${index + 1}`, ...sample }
    const data = await callPatiently<{ createIssue: { issue: { id: string } } }>(endpoint, CREATE, { input })
    return data.createIssue.issue.id
  }
  return await Promise.all(SAMPLE_ISSUES.map(create))
}

/** Calls `onFinal` for each issue as it becomes final. Returns those that did in time, in the order of `ids`. */
export async function followIssues(
  endpoint: Endpoint,
  ids: readonly string[],
  {
    onFinal = () => {},
    withinMs = DECIDED_WITHIN_MS,
  }: { onFinal?: (issue: SampleIssue) => void; withinMs?: number } = {},
): Promise<readonly SampleIssue[]> {
  const final = new Map<string, SampleIssue>()
  const deadline = performance.now() + withinMs

  while (final.size < ids.length && performance.now() < deadline) {
    const open = ids.filter((id) => !final.has(id))
    for (const issue of await readIssues(endpoint, open)) {
      if (!isFinal(issue)) continue
      final.set(issue.id, issue)
      onFinal(issue)
    }
    if (final.size < ids.length) await pause(ASK_EVERY_MS)
  }
  return ids.flatMap((id) => final.get(id) ?? [])
}

export const isDecided = ({ status, decision }: SampleIssue): boolean => status !== 'FAILED' && decision !== null

/** Whether the issue will not change any more without a person. */
function isFinal(issue: SampleIssue): boolean {
  if (issue.status === 'FAILED') return true
  return (issue.status === 'RESOLVED' || issue.status === 'AWAITING_REVIEW') && issue.decision !== null
}

async function readIssues(endpoint: Endpoint, ids: readonly string[]): Promise<readonly SampleIssue[]> {
  const parameters = ids.map((_, index) => `$i${index}: ID!`).join(', ')
  const fields = ids.map((_, index) => `i${index}: issue(id: $i${index}) { ${FIELDS} }`).join('\n')
  const variables = Object.fromEntries(ids.map((id, index) => [`i${index}`, id]))
  const query = `query FollowIssues(${parameters}) {\n${fields}\n}`
  const issues = await callPatiently<Record<string, SampleIssue | null>>(endpoint, query, variables)
  return Object.values(issues).filter((issue) => issue !== null)
}
