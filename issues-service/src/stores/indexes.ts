import type { CollectionDefinition } from '@redress/shared/stores/collections.ts'

type Indexes = Pick<CollectionDefinition, 'indexes' | 'formerIndexes'>

/** An id in the systems of a company is unique in its tenant. */
const EXTERNAL_ID = {
  key: { tenant: 1, externalId: 1 },
  name: 'external_id_of_tenant',
  unique: true,
  partialFilterExpression: { externalId: { $exists: true } },
} as const
const NEWEST = { key: { tenant: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant' } as const
const CLAIM = { key: { tenant: 1, 'claim.key': 1, 'claim.space': 1 }, name: 'claim_of_tenant', unique: true } as const
const NEWEST_BY_TYPE = { key: { tenant: 1, type: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant_by_type' } as const
const NEWEST_BY_CUSTOMER = { key: { customerId: 1, createdAt: 1, _id: 1 }, name: 'newest_by_customer' } as const
const NEWEST_BY_TRANSACTION = {
  key: { transactionId: 1, createdAt: 1, _id: 1 },
  name: 'newest_by_transaction',
  // Any text: MongoDB infers this from a condition by equality, and does not infer a type.
  partialFilterExpression: { transactionId: { $gt: '' } },
} as const
/** From before there were tenants. */
const FORMER = ['external_id', 'newest', 'newest_by_status'] as const

// Those of one customer or payment are before the one of the tenant: of indexes that fit a query equally well, the embedded
// database takes the first.
export const ISSUE_INDEXES: Indexes = {
  formerIndexes: [
    'claim',
    'claim_in_space',
    'newest_by_type',
    'newest_by_priority',
    'review_queue',
    ...FORMER,
    'review_queue_of_tenant',
  ],
  indexes: [
    CLAIM,
    EXTERNAL_ID,
    NEWEST_BY_CUSTOMER,
    NEWEST_BY_TRANSACTION,
    NEWEST,
    { key: { tenant: 1, status: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant_by_status' },
    NEWEST_BY_TYPE,
    { key: { tenant: 1, priority: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant_by_priority' },
    // Issues of all tenants that wait for a decision, and no others: some are stuck.
    { key: { createdAt: 1, _id: 1 }, name: 'pending', partialFilterExpression: { status: 'PENDING' } },
    { key: { createdAt: 1, _id: 1 }, name: 'processing', partialFilterExpression: { status: 'PROCESSING' } },
    // Issues that wait for a person, and no others.
    {
      key: { tenant: 1, status: 1, urgentAt: 1, _id: 1 },
      name: 'most_urgent_of_tenant',
      partialFilterExpression: { status: 'AWAITING_REVIEW' },
    },
    {
      key: { tenant: 1, assignee: 1, createdAt: 1, _id: 1 },
      name: 'newest_of_tenant_by_assignee',
      partialFilterExpression: { assignee: { $gt: '' } },
    },
  ],
}

export const ARCHIVE_INDEXES: Indexes = {
  formerIndexes: [],
  indexes: [
    CLAIM,
    EXTERNAL_ID,
    NEWEST_BY_CUSTOMER,
    NEWEST_BY_TRANSACTION,
    NEWEST,
    NEWEST_BY_TYPE,
    { key: { updatedAt: 1, _id: 1 }, name: 'first_to_purge' },
  ],
}

export const PAYMENT_INDEXES: Indexes = {
  formerIndexes: ['newest_by_merchant', 'by_amount', ...FORMER],
  indexes: [
    EXTERNAL_ID,
    NEWEST_BY_CUSTOMER,
    NEWEST,
    { key: { tenant: 1, merchant: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant_by_merchant' },
    { key: { tenant: 1, status: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant_by_status' },
    { key: { tenant: 1, 'amount.currency': 1, 'amount.amount': 1, _id: 1 }, name: 'by_amount_of_tenant' },
    // Customers may list their own, which must not walk along those of all others.
    {
      key: { customerId: 1, 'amount.currency': 1, 'amount.amount': 1, _id: 1 },
      name: 'by_amount_of_customer',
    },
  ],
}

export const CUSTOMER_INDEXES: Indexes = {
  formerIndexes: ['newest_by_email', ...FORMER],
  indexes: [
    EXTERNAL_ID,
    NEWEST,
    { key: { tenant: 1, emailIndex: 1, createdAt: 1, _id: 1 }, name: 'newest_of_tenant_by_email' },
  ],
}

export const NOTE_INDEXES = {
  indexes: [
    { key: { issueId: 1, createdAt: 1, _id: 1 }, name: 'oldest_by_issue' },
    { key: { customerId: 1 }, name: 'by_customer' },
  ],
} as const
