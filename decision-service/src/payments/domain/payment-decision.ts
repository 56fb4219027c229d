import type { IssueType } from '@redress/shared/contracts.ts'

/** REVIEW: a person must check it first. BLOCK: it must not be made. */
export type PaymentVerdict = 'ALLOW' | 'REVIEW' | 'BLOCK'

/** From this risk score on a payment is blocked (0 to 100). */
const RISK_BLOCKED_FROM = 80
/** From this risk score on a person looks at it. */
const RISK_REVIEWED_FROM = 50
/** So many disputes of the customer within 90 days, and a person looks at it. */
const DISPUTES_REVIEWED_FROM = 3
/** So many payments asked for within the hour before, whatever came of them, and a person looks at it. */
const PAYMENTS_AN_HOUR_REVIEWED_FROM = 10
/** So much (minor units, of any currency) to a payee who was never paid before, and a person looks at it. */
const FIRST_PAYMENT_REVIEWED_FROM = 50_000

/** The known risk of a customer. */
export type RiskSignals = Readonly<{
  /** 0 (safe) to 100 (risky). */
  riskScore: number
  /** Issues of the last 90 days by type, counted among the newest 100. */
  recentIssues: Readonly<Record<IssueType, number>>
  /** Payments that were asked for in the hour before this one. */
  paymentsLastHour: number
  /** No payment of this customer to this payee was ever allowed. */
  newPayee: boolean
}>

/** A business rule that holds for a payment or a case; `verdict` is what it makes of a payment. */
export type RuleHit = Readonly<{
  ruleId: string
  version: number
  description: string
  severity: 'CRITICAL' | 'WARNING' | 'INFO'
  verdict: Exclude<PaymentVerdict, 'ALLOW'> | null
}>

/** A stable code and a sentence for people. */
type PaymentReason = Readonly<{ code: string; verdict: PaymentVerdict; sentence: string }>
type PaymentJudgement = Readonly<{ verdict: PaymentVerdict; reasons: readonly PaymentReason[] }>

export type PaymentQuestion = Readonly<{
  /** Minor units, as `balance` is. */
  amount: number
  /** Null where it could not be read. */
  balance: number | null
  /** Null where they could not be read. */
  signals: RiskSignals | null
  ruleHits: readonly RuleHit[]
}>

/**
 * Whether a payment may be made. The severest reason decides, and all are given, the severest first. What is not known
 * speaks against the payment: without a balance it is blocked, without signals a person looks at it.
 */
export function decidePayment(question: PaymentQuestion): PaymentJudgement {
  const found = [...ofBalance(question), ...ofSignals(question), ...ofRules(question)]
  const reasons = MOST_SEVERE_FIRST.flatMap((verdict) => found.filter((reason) => reason.verdict === verdict))
  return reasons[0] ? { verdict: reasons[0].verdict, reasons } : { verdict: 'ALLOW', reasons: [NOTHING_AGAINST] }
}

/** `BALANCE_EXCEEDED: The payment is more than the balance.` */
export function toReasonText({ code, sentence }: PaymentReason): string {
  return `${code}: ${sentence}`
}

const MOST_SEVERE_FIRST: readonly PaymentVerdict[] = ['BLOCK', 'REVIEW']
const NOTHING_AGAINST: PaymentReason = {
  code: 'NOTHING_AGAINST',
  verdict: 'ALLOW',
  sentence: 'Balance, risk and rules have nothing against it.',
}

function ofBalance({ amount, balance }: PaymentQuestion): readonly PaymentReason[] {
  if (balance === null) return [block('BALANCE_UNAVAILABLE', 'The balance could not be read.')]
  return amount > balance ? [block('BALANCE_EXCEEDED', 'The payment is more than the balance.')] : []
}

function ofSignals({ amount, signals }: PaymentQuestion): readonly PaymentReason[] {
  if (signals === null) return [review('SIGNALS_UNAVAILABLE', 'The risk signals could not be read.')]
  const { riskScore, recentIssues, paymentsLastHour, newPayee } = signals
  return [
    ...ofRiskScore(riskScore),
    ...(recentIssues.DISPUTE >= DISPUTES_REVIEWED_FROM
      ? [review('DISPUTES_MANY', `There were ${recentIssues.DISPUTE} disputes within 90 days.`)]
      : []),
    ...(paymentsLastHour >= PAYMENTS_AN_HOUR_REVIEWED_FROM
      ? [review('PAYMENTS_MANY', `There were ${paymentsLastHour} payments within an hour.`)]
      : []),
    ...(newPayee && amount >= FIRST_PAYMENT_REVIEWED_FROM
      ? [review('FIRST_PAYMENT_LARGE', 'The first payment to this payee is a large one.')]
      : []),
  ]
}

function ofRiskScore(score: number): readonly PaymentReason[] {
  const sentence = `The risk score is ${score}.`
  if (score >= RISK_BLOCKED_FROM) return [block('RISK_CRITICAL', sentence)]
  return score >= RISK_REVIEWED_FROM ? [review('RISK_ELEVATED', sentence)] : []
}

function ofRules({ ruleHits }: PaymentQuestion): readonly PaymentReason[] {
  return ruleHits.flatMap(({ ruleId, version, verdict }) => {
    if (verdict === null) return []
    return [{ code: 'BUSINESS_RULE', verdict, sentence: `The rule ${ruleId}, version ${version}, holds.` }]
  })
}

const block = (code: string, sentence: string): PaymentReason => ({ code, verdict: 'BLOCK', sentence })
const review = (code: string, sentence: string): PaymentReason => ({ code, verdict: 'REVIEW', sentence })
