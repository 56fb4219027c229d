import { type } from 'arktype'

/** Days since the resolution of issues. */
export const ArchiveDue = type({ olderThanDays: 'number', purgeAfterDays: 'number | null' })

export const ArchiveRequested = type({
  movesBefore: 'string.date.iso',
  purgesBefore: 'string.date.iso | null',
  reason: 'string',
})

export const ArchiveCompleted = type({ moved: 'number', purged: 'number' })

/** Data of `payment.decided` and of `payment.settled`. */
export const PaymentDecided = type({
  paymentId: 'string',
  customerId: 'string',
  verdict: "'ALLOW' | 'REVIEW' | 'BLOCK'",
})
export const PaymentSettled = type({
  paymentId: 'string',
  customerId: 'string',
  status: "'APPROVED' | 'DENIED' | 'EXPIRED'",
})

export const BacktestData = type({ skill: 'string', policyDigest: 'string' })
export const PolicyData = type({ skill: 'string', digest: 'string', version: 'string' })
export const PaymentEventApplied = type({
  type: 'string',
  transactionId: 'string',
  customerId: 'string',
  issueId: 'string | null',
})
export const ProviderData = type({ provider: 'string', reason: 'string' })
export const ScheduleData = type({ schedule: 'string', version: 'number.integer' })

export const AssignmentData = type({ customerId: 'string', assignee: 'string | null', reason: 'string' })
export const NoData = type({})
/** Of a note, without its text and links. */
export const NoteData = type({ customerId: 'string', noteId: 'string', attachments: 'number.integer' })
export const RuleData = type({ ruleId: 'string', version: 'number.integer' })
export const TransactionChange = type({ customerId: 'string', fields: 'string[]' })
export const Severity = type("'CRITICAL' | 'WARNING' | 'INFO'")
/** Of an alert of a threshold. */
export const Measured = { 'value?': 'number', 'threshold?': 'number' } as const
