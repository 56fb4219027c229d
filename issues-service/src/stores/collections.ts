import type { IssueType } from '@redress/shared/contracts.ts'
import {
  DEAD_EVENTS,
  EVENT_ALERTS,
  EVENT_LOG,
  EVENT_LOG_GROUPS,
  EVENT_POSITIONS,
  OUTBOX,
} from '@redress/shared/events/event-collections.ts'
import { type CollectionsOf, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_SECONDS } from '@redress/shared/time.ts'
import type { ArchiveRun } from '../archive/archive-run.ts'
import type { Customer } from '../customers/customer.ts'
import type { Import, RefusedRow } from '../imports/import.ts'
import type { Failure, ReceivedEvent } from '../intake/payment-event.ts'
import type { Claim } from '../issues/domain/claim.ts'
import type { Issue, Resolution } from '../issues/domain/issue.ts'
import type { Note } from '../issues/domain/note.ts'
import type { Erasure } from '../privacy/erasure.ts'
import { NO_APPROVALS, type Transaction } from '../transactions/transaction.ts'
import { ARCHIVE_INDEXES, CUSTOMER_INDEXES, ISSUE_INDEXES, NOTE_INDEXES, PAYMENT_INDEXES } from './indexes.ts'

/** A domain type as it is stored. Only this folder sees documents. */
type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string }

/**
 * `claim` is the idempotency key that the issue was created with, and `digest` that of the input which the external id was
 * given with.
 */
export type IssueDocument = Omit<
  Stored<Issue>,
  'customerMessage' | 'externalId' | 'resolution' | 'reviewClaim' | 'assignee' | 'urgentAt'
> & {
  /** Both are missing in issues without an external id. */
  externalId?: string
  digest?: string
  /** Missing in issues that are older than the fields. */
  reviewClaim?: Issue['reviewClaim']
  assignee?: string | null
  urgentAt?: Date
  /** Missing in issues that are older than the field. */
  customerMessage?: string | null
  /** `amount` is missing in resolutions that are older than the field. */
  resolution: (Omit<Resolution, 'amount'> & Partial<Pick<Resolution, 'amount'>>) | null
  type: IssueType
  /** The number of links in its notes; missing without one. */
  links?: number
  /** `space` is missing in issues that are older than the field. */
  claim: Omit<Claim, 'space'> & Partial<Pick<Claim, 'space'>>
}
export type NoteDocument = Stored<Note>
/** `digest` is that of the input which the payment was created with. Optional fields are missing in older payments. */
export type TransactionDocument = Omit<Stored<Transaction>, keyof TransactionAdditions> &
  Partial<TransactionAdditions & { digest: string }>
type TransactionAdditions = Pick<Transaction, 'refunded' | 'approvals' | 'version' | 'updatedAt'> & {
  externalId: string
}
/** `digest` is that of the input which the customer was created with. Optional fields are missing in older customers. */
export type CustomerDocument = Omit<Stored<Customer>, keyof CustomerAdditions> &
  Partial<CustomerAdditions & { digest: string; emailIndex: string } & SealedFields>
type CustomerAdditions = Pick<Customer, 'version' | 'updatedAt' | 'erasedAt'> & { externalId: string }
/** Missing once the customer was erased; `methodsSealed` in older customers, too. */
type SealedFields = { emailSealed: string; nameSealed: string; methodsSealed: string }
export type ErasureDocument = Stored<Erasure>
/** The data key of a customer, wrapped by the master key. Deleting it erases what was encrypted with it. */
export type DataKeyDocument = { _id: string; wrapped: string }
/** `expiresAt` is set once nothing is to be done about the event any more; until then it is a known one. */
export type PaymentEventDocument = Stored<ReceivedEvent> & {
  tenant: string
  state: 'WAITING' | 'APPLIED' | 'DEAD' | 'DISCARDED'
  attempts: number
  /** Null unless WAITING. */
  nextAttemptAt: Date | null
  failure: Failure | null
  expiresAt?: Date
}

export type RefusedRowDocument = RefusedRow & { _id: string; importId: string; at: Date }

/** Imports and their refused rows are kept for so long after the last change. */
const IMPORTS_KEPT_SECONDS = 90 * DAY_SECONDS

/** Every collection of this service, and every index: each query has one. */
export const COLLECTIONS = {
  issues: defineCollection<IssueDocument>({
    name: 'issues',
    owner: 'customerId',
    personalFields: ['customerMessage', 'resolution.note'],
    ...ISSUE_INDEXES,
  }),
  archivedIssues: defineCollection<IssueDocument>({
    name: 'archived_issues',
    owner: 'customerId',
    personalFields: ['customerMessage', 'resolution.note'],
    ...ARCHIVE_INDEXES,
  }),
  notes: defineCollection<NoteDocument>({
    name: 'issue_notes',
    owner: 'customerId',
    personalFields: ['text', 'attachments'],
    ...NOTE_INDEXES,
  }),
  archiveRuns: defineCollection<Stored<ArchiveRun>>({
    name: 'archive_runs',
    indexes: [{ key: { requestedAt: 1 }, name: 'running', partialFilterExpression: { status: 'RUNNING' } }],
    retention: { field: 'endedAt', seconds: 90 * DAY_SECONDS, index: 'expiry' },
  }),
  transactions: defineCollection<TransactionDocument>({
    name: 'transactions',
    owner: 'customerId',
    ...PAYMENT_INDEXES,
  }),
  customers: defineCollection<CustomerDocument>({
    name: 'customers',
    owner: '_id',
    personalFields: ['emailSealed', 'nameSealed', 'methodsSealed', 'emailIndex'],
    ...CUSTOMER_INDEXES,
  }),
  paymentEvents: defineCollection<PaymentEventDocument>({
    name: 'payment_events',
    retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
    indexes: [
      { key: { tenant: 1, 'event.eventId': 1 }, name: 'event_id', unique: true },
      { key: { nextAttemptAt: 1, _id: 1 }, name: 'due', partialFilterExpression: { state: 'WAITING' } },
      { key: { tenant: 1, 'event.paymentExternalId': 1, 'event.occurredAt': 1, _id: 1 }, name: 'of_payment_in_order' },
    ],
  }),
  // Kept for good: they prove what was erased, and why.
  erasures: defineCollection<ErasureDocument>({
    name: 'erasures',
    owner: '_id',
    indexes: [{ key: { erasedAt: 1, requestedAt: 1 }, name: 'unfinished_first' }],
  }),
  dataKeys: defineCollection<DataKeyDocument>({
    name: 'data_keys',
    owner: '_id',
    personalFields: ['wrapped'],
    // The text begins with the id of the master key.
    indexes: [{ key: { wrapped: 1 }, name: 'by_master_key' }],
  }),
  imports: defineCollection<Stored<Import>>({
    name: 'imports',
    indexes: [{ key: { tenant: 1, createdAt: 1, _id: 1 }, name: 'newest' }],
    retention: { field: 'updatedAt', seconds: IMPORTS_KEPT_SECONDS, index: 'kept' },
  }),
  refusedRows: defineCollection<RefusedRowDocument>({
    name: 'refused_rows',
    // Names and ids of a company's own systems may be personal.
    personalFields: ['message', 'path'],
    indexes: [{ key: { importId: 1, row: 1 }, name: 'by_import' }],
    retention: { field: 'at', seconds: IMPORTS_KEPT_SECONDS, index: 'kept' },
  }),
  outbox: OUTBOX,
  eventLog: EVENT_LOG,
  eventLogGroups: EVENT_LOG_GROUPS,
  positions: EVENT_POSITIONS,
  eventAlerts: EVENT_ALERTS,
  deadEvents: DEAD_EVENTS,
}
export type Collections = CollectionsOf<typeof COLLECTIONS>

export function toIssue({ _id, claim: _, digest: _digest, type: _type, links: _links, ...rest }: IssueDocument): Issue {
  const resolution = rest.resolution && { ...rest.resolution, amount: rest.resolution.amount ?? null }
  const { externalId = null, customerMessage = null, reviewClaim = null, assignee = null } = rest
  const { urgentAt = rest.createdAt } = rest
  return { id: _id, ...rest, externalId, customerMessage, resolution, reviewClaim, assignee, urgentAt }
}

export function toTransaction({ _id, digest: _, ...rest }: TransactionDocument): Transaction {
  const { externalId = null, approvals = NO_APPROVALS, version = 1, updatedAt = rest.createdAt } = rest
  const { refunded = rest.status === 'REFUNDED' ? rest.amount.amount : 0 } = rest
  return { id: _id, ...rest, externalId, refunded, approvals, version, updatedAt }
}

export function toImport({ _id, ...rest }: Stored<Import>): Import {
  return { id: _id, ...rest }
}

export function toRefusedRow({ _id, importId: _, at: _at, ...rest }: RefusedRowDocument): RefusedRow {
  return rest
}

/** The fields of a customer that are not personal. */
export const CUSTOMER_FIELDS = {
  tenant: 1,
  externalId: 1,
  riskScore: 1,
  version: 1,
  createdAt: 1,
  updatedAt: 1,
  erasedAt: 1,
} as const

export function toCustomer(document: Pick<CustomerDocument, '_id' | keyof typeof CUSTOMER_FIELDS>): Customer {
  const { _id, tenant, externalId = null, riskScore, version = 1, createdAt } = document
  const { updatedAt = createdAt, erasedAt = null } = document
  return { id: _id, tenant, externalId, riskScore, version, createdAt, updatedAt, erasedAt }
}
