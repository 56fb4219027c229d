import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { Money } from '@redress/shared/contracts.ts'
import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import type { PaymentVerdict, RiskSignals, RuleHit } from '../domain/payment-decision.ts'
import type { PaymentFacts } from '../domain/payment-facts.ts'
import type { PaymentInput } from '../domain/payment-input.ts'
import type { JudgedPayment, StoredPayment } from '../domain/stored-payment.ts'

/** The caller. Requests to other services on the way are made with the caller's identity. */
export type Caller = Cause &
  Readonly<{
    requestId: string
    /** Their internal token, as it came. */
    token: string
  }>

/** Breaks a call off when its time is over. */
export type Attempt = Readonly<{ caller: Caller; signal: AbortSignal }>

type CaseToOpen = Readonly<{
  paymentId: string
  customerId: string
  payeeId: string
  amount: Money
  priority: 'HIGH' | 'NORMAL'
  errorCode: 'CARD_DECLINED' | 'INSUFFICIENT_FUNDS'
}>

/** The steps of a decision about a payment. Each may be called again after a failure. */
export type Tools = Readonly<{
  /** Minor units. @throws CustomerNotFoundError */
  getBalance(question: Readonly<{ customerId: string; currency: string }>, attempt: Attempt): Promise<number>
  /** @throws CustomerNotFoundError */
  getRiskSignals(
    question: Readonly<{ customerId: string; payeeId: string; paymentId: string }>,
    attempt: Attempt,
  ): Promise<RiskSignals>
  /** Opens a case for people to look at, once for each payment. */
  createCase(asked: CaseToOpen, attempt: Attempt): Promise<Readonly<{ issueId: string }>>
}>

/** One at a time holds a payment; `judged` is what an earlier holder found out before it was lost. */
export type PaymentClaim = Readonly<{ id: string; holder: string; judged: JudgedPayment | null }>

export type ClaimRequest = Readonly<{
  id: string
  /** The id that the version before gave: a payment decided under it with the same digest is the answer. */
  formerId: string
  digest: string
  input: PaymentInput
  now: Date
  /** When the claim expires; after that another request may take it over. */
  heldUntil: Date
}>

export type ClaimOutcome =
  | Readonly<{ kind: 'CLAIMED'; claim: PaymentClaim }>
  | Readonly<{ kind: 'DECIDED'; payment: StoredPayment }>
  | Readonly<{ kind: 'HELD' }>
  | Readonly<{ kind: 'OTHER_INPUT' }>

export type Payments = Readonly<{
  /** Claims a payment; of concurrent requests exactly one succeeds. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>
  /** Stores the judgement, so that a takeover continues with the same one. False if the claim was taken over. */
  remember(claim: PaymentClaim, judged: JudgedPayment): Promise<boolean>
  /** Stores the answer and its events atomically; false, with nothing stored, if the claim was taken over. */
  finish(claim: PaymentClaim, payment: StoredPayment, events: readonly DomainEvent[]): Promise<boolean>
  /** Releases the claim, and deletes the payment if it has no judgement yet. */
  release(claim: PaymentClaim): Promise<void>
}>

/** Whether a customer's next payment may be asked about now. */
export type TakeTurn = (customerId: string) => Promise<Readonly<{ allowed: boolean; retryAfterMs: number }>>

export type FindPaymentRuleHits = (facts: PaymentFacts) => readonly RuleHit[]

export type Wait = (ms: number) => Promise<unknown>

export type PaymentHistory = Readonly<{ paymentsLastHour: number; newPayee: boolean }>

/** Of payment decisions in the last 24 hours, 100,000 at most. */
export type ServiceMetrics = Readonly<{
  totalRequests: number
  decisionCounts: Readonly<{ allow: number; review: number; block: number }>
  /** Milliseconds; null without requests. */
  p95Latency: number | null
}>

/** All that is given must hold. `from` is included, `to` is not. */
export type PaymentFilter = Readonly<{
  customerId?: string | null
  payeeId?: string | null
  verdict?: readonly PaymentVerdict[] | null
  from?: Date | null
  to?: Date | null
}>

/** The queries of callers. */
export type PaymentViews = Readonly<{
  /** In the order of the ids. */
  findPayments(ids: readonly string[]): Promise<readonly (StoredPayment | null)[]>
  /** Newest first. */
  pageOfPayments(filter: PaymentFilter, page: PageArguments): Promise<Connection<StoredPayment>>
  serviceMetrics(now: Date): Promise<ServiceMetrics>
}>
