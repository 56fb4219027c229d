import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import type { CustomerDocument, IssueDocument } from '../../../issues-service/src/stores/collections.ts'
import type { BenchService } from './service.ts'

const AT_ONCE = 1_000
const ISSUES_OF_CUSTOMER = 10
const FIRST = Date.UTC(2024, 0, 1)
const MINUTE_MS = 60_000

const STATUSES = ['RESOLVED', 'RESOLVED', 'RESOLVED', 'PROCESSING', 'PENDING', 'FAILED', 'AWAITING_REVIEW'] as const
const PRIORITIES = ['NORMAL', 'LOW', 'HIGH', 'NORMAL', 'CRITICAL'] as const
const DETAILS = [
  { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 1 },
  { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 3, partialAmount: null },
  { type: 'DISPUTE', reason: 'UNAUTHORIZED', daysSincePurchase: 9 },
] as const

export const emailOf = (customer: number) => `customer-${customer}@example.org`
export const customerIdOf = (customer: number) => `cust_${String(customer).padStart(8, '0')}`
export const momentOf = (issue: number) => new Date(FIRST + issue * MINUTE_MS)

/** Stores as many customers as issues, each a minute after the one before. */
export async function fill({ collections, blindIndex }: BenchService, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const places = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => from + index)
    const emailIndexOf = (place: number) => blindIndex.ofEmail(emailOf(place))
    await collections.customers.insertMany(places.map((place) => toCustomer(place, emailIndexOf(place))))
    await collections.issues.insertMany(places.map((place) => toIssue(place, count)))
    process.stdout.write(`\rfilling: ${from + places.length} of ${count} stored `)
  }
  process.stdout.write('\n')
}

function toCustomer(place: number, emailIndex: string): CustomerDocument {
  const createdAt = momentOf(place)
  // Nothing is decrypted: texts of the length of encrypted ones.
  const sealed = { emailSealed: 'v1.'.padEnd(80, 'x'), nameSealed: 'v1.'.padEnd(70, 'x') }
  return { _id: customerIdOf(place), tenant: DEFAULT_TENANT, riskScore: place % 100, createdAt, ...sealed, emailIndex }
}

const pick = <T>(of: readonly T[], place: number): T => of[place % of.length]!

function toIssue(place: number, count: number): IssueDocument {
  const createdAt = momentOf(place)
  const details = pick(DETAILS, place)
  const status = pick(STATUSES, place)
  return {
    ...{
      _id: `iss_${String(place).padStart(8, '0')}`,
      tenant: DEFAULT_TENANT,
      status,
      priority: pick(PRIORITIES, place),
      details,
    },
    // Spread over the customers, and so over time, as years would.
    ...{ type: details.type, customerId: customerIdOf(place % Math.ceil(count / ISSUES_OF_CUSTOMER)) },
    ...{ transactionId: null, decisionId: null, resolution: null, failure: null, reviewClaim: null },
    ...{ urgentAt: createdAt, version: 1, createdAt, updatedAt: createdAt },
    claim: { space: 'c:bench', key: `bench-${place}`, digest: 'x'.repeat(43) },
    statusHistory: [{ from: null, to: 'PENDING', changedBy: 'bench', reason: null, at: createdAt }],
  }
}
