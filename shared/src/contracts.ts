import { type } from 'arktype'

/**
 * The types that services share: enums of the schema and payloads of events.
 * Enum values are the same in the schema, the code, the database and the logs.
 */

export const ISSUE_TYPES = ['DECLINE', 'MISSED_INSTALLMENT', 'DISPUTE', 'REFUND_REQUEST'] as const
export type IssueType = (typeof ISSUE_TYPES)[number]

const IssueStatusWord = type("'PENDING' | 'PROCESSING' | 'AWAITING_REVIEW' | 'RESOLVED' | 'FAILED'")
export type IssueStatus = typeof IssueStatusWord.infer

export const DECISION_ACTIONS = [
  'RETRY_PAYMENT',
  'BLOCK_CARD',
  'APPROVE_REFUND',
  'DENY_REFUND',
  'ACCEPT_DISPUTE',
  'CONTEST_DISPUTE',
  'SEND_REMINDER',
  'CHARGE_LATE_FEE',
  'ESCALATE',
] as const
const DecisionActionWord = type.enumerated(...DECISION_ACTIONS)
export type DecisionAction = (typeof DECISION_ACTIONS)[number]

export type Routing = 'AUTO_RESOLVE' | 'HUMAN_REVIEW' | 'ESCALATE'

const Money = type({ amount: 'number.integer', currency: 'string' })
/** `amount` in the currency's minor unit (cents). */
export type Money = typeof Money.infer

const Details = type({
  type: "'DECLINE'",
  errorCode: "'INSUFFICIENT_FUNDS' | 'CARD_EXPIRED' | 'CARD_DECLINED'",
  autoRetryCount: 'number.integer >= 0',
})
  .or({
    type: "'MISSED_INSTALLMENT'",
    installmentNumber: 'number.integer >= 1',
    totalInstallments: 'number.integer >= 1',
    amountDue: Money,
    daysOverdue: 'number.integer >= 0',
  })
  .or({
    type: "'DISPUTE'",
    reason: "'ITEM_NOT_RECEIVED' | 'UNAUTHORIZED' | 'PRODUCT_ISSUE'",
    daysSincePurchase: 'number.integer >= 0',
  })
  .or({
    type: "'REFUND_REQUEST'",
    reason: "'CHANGED_MIND' | 'DEFECTIVE' | 'WRONG_ITEM'",
    daysSincePurchase: 'number.integer >= 0',
    partialAmount: Money.or('null'),
  })
/** The part of an issue that depends on its type. */
export type IssueDetails = typeof Details.infer

const TransactionFacts = type({
  id: 'string',
  amount: Money,
  status: "'AUTHORIZED' | 'CAPTURED' | 'DECLINED' | 'REFUNDED' | 'DISPUTED'",
  ageDays: 'number.integer >= 0',
  'shippingStatus?': "'PENDING' | 'IN_TRANSIT' | 'DELIVERED' | 'LOST'",
  /** The sum paid back, or approved to be, in the minor unit of the amount; missing where there is none. */
  'refunded?': 'number.integer > 0',
})
/** The part of a payment transaction that a decision needs. */
export type TransactionFacts = typeof TransactionFacts.infer
export type TransactionStatus = TransactionFacts['status']
export type ShippingStatus = NonNullable<TransactionFacts['shippingStatus']>

const CustomerFacts = type({
  id: 'string',
  riskScore: '0 <= number.integer <= 100',
  accountAgeDays: 'number.integer >= 0',
  /** Issues of the last 90 days by type, this one not counted; counted among the latest 50 only. */
  recentIssues: {
    DECLINE: 'number.integer >= 0',
    MISSED_INSTALLMENT: 'number.integer >= 0',
    DISPUTE: 'number.integer >= 0',
    REFUND_REQUEST: 'number.integer >= 0',
  },
})
/** The part of a customer that a decision needs; no PII. */
export type CustomerFacts = typeof CustomerFacts.infer

/** A number that the issue says otherwise than the record of its payment, which is what the details of the case have. */
const ClaimDifference = type({ field: 'string', claimed: 'number.integer', recorded: 'number.integer' })
export type ClaimDifference = typeof ClaimDifference.infer

/** Everything a decision needs, so that the worker calls no other service. */
export const DecisionCase = type({
  issueId: 'string',
  priority: "'LOW' | 'NORMAL' | 'HIGH' | 'CRITICAL'",
  details: Details,
  customer: CustomerFacts,
  transaction: TransactionFacts.or('null'),
  /** The customer's message with personal data masked. Data, never an instruction. */
  'message?': 'string <= 2000',
  /** Missing where the issue and the record of the payment agree. */
  'differences?': ClaimDifference.array(),
})
export type DecisionCase = typeof DecisionCase.infer
export type Priority = DecisionCase['priority']

/** Data of `issue.created`. */
export const IssueCreated = type({ case: DecisionCase })

/** Data of `issue.status_changed`; `case` is present if the issue is to be decided again. */
export const IssueStatusChanged = type({
  customerId: 'string',
  from: IssueStatusWord,
  to: IssueStatusWord,
  decisionId: 'string | null',
  /** `paymentId` is that of the payment decision which the review settles. */
  'review?': { action: DecisionActionWord, 'paymentId?': 'string' },
  'case?': DecisionCase,
})
export type IssueStatusChanged = typeof IssueStatusChanged.infer

/** Data of `issue.overdue`: the event that asked for a decision which has not come, and the case as it is now. */
export const IssueOverdue = type({ askingEventId: 'string > 0', case: DecisionCase })

/**
 * The id of the decision that an event of an issue asks for. The service that decides and the one that waits both derive
 * it, so that an answer to an earlier request of the same issue is recognised.
 */
export function decisionIdOf(askingEventId: string): string {
  return `dec_${askingEventId.replace(/^iss_/, '')}`
}

/** Data of `decision.started`. */
export const DecisionStarted = type({ issueId: 'string' })

/** When the work on a decision began, where there was no `decision.started`. RFC 3339, UTC. */
const StartedAt = type('string.date.iso')

/** Data of `decision.made`. */
export const DecisionMade = type({
  issueId: 'string',
  decisionId: 'string',
  action: DecisionActionWord,
  confidence: '0 <= number.integer <= 100',
  routing: "'AUTO_RESOLVE' | 'HUMAN_REVIEW' | 'ESCALATE'",
  policyApplied: 'string',
  'startedAt?': StartedAt,
})
export type DecisionMade = typeof DecisionMade.infer

/** Data of `decision.made` before a blind review: the recommendation is not published until the review is made. */
export const BlindDecisionMade = type({
  issueId: 'string',
  decisionId: 'string',
  routing: "'HUMAN_REVIEW'",
  blind: 'true',
  'startedAt?': StartedAt,
})
export type BlindDecisionMade = typeof BlindDecisionMade.infer

/** Data of `decision.failed`: no decision could be made. A retry must be requested. */
export const DecisionFailed = type({ issueId: 'string', reason: 'string' })

/** Data of `autonomy.suspended` and `autonomy.restored`. */
export const AutonomyChange = type({
  policy: { skill: 'string', version: 'string', digest: 'string' },
  action: DecisionActionWord,
})

/** Data of the acts of people on jobs and queues. */
export const JobAct = type({ jobType: 'string', queue: 'string', reason: 'string' })
export const QueueAct = type({ queue: 'string', reason: 'string' })

/** Data of `job.updated`: the state or the progress of a job changed. `addedBy` is the principal who may see it. */
export const JobUpdated = type({
  jobType: 'string',
  queue: 'string',
  state: "'WAITING' | 'DELAYED' | 'ACTIVE' | 'COMPLETED' | 'FAILED' | 'CANCELLED'",
  progress: 'number | null',
  failure: 'string | null',
  addedBy: 'string',
})

/** Data of `queue.changed`: the number of its jobs by state. */
export const QueueChanged = type({
  paused: 'boolean',
  waiting: 'number.integer',
  active: 'number.integer',
  delayed: 'number.integer',
  completed: 'number.integer',
  failed: 'number.integer',
})

/** The path of files by signed links: at the gateway for callers, and at the service behind it for the gateway. */
export const DOWNLOADS_PATH = '/downloads'
