import type { Clock } from '@redress/shared/time.ts'
import type { TraceStep } from '../../domain/decision.ts'
import type { PaymentInput } from '../domain/payment-input.ts'
import { type JudgedPayment, paymentDecidedEvent, paymentEntity, type StoredPayment } from '../domain/stored-payment.ts'
import { PaymentInProgressError, PaymentRateError } from '../errors.ts'
import { ruleAlerts } from '../rules/business-rule.ts'
import { type CallTool, createCallTool } from './call-tool.ts'
import { createClaimPayment } from './claim-payment.ts'
import { createJudgePayment } from './judge-payment.ts'
import type { Caller, FindPaymentRuleHits, PaymentClaim, Payments, TakeTurn, Tools, Wait } from './ports.ts'

/** Payments that may be asked for in a second, by one customer. */
export const PAYMENTS_PER_SECOND = 5

type DecidePaymentCommand = Readonly<{ input: PaymentInput; caller: Caller }>
export type DecidePayment = (command: DecidePaymentCommand) => Promise<StoredPayment>

type Dependencies = Readonly<{
  takeTurn: TakeTurn
  payments: Payments
  tools: Tools
  ruleHitsOf: FindPaymentRuleHits
  toolTimeoutMs?: number
  now: Clock
  /** Milliseconds, for durations. */
  monotonicMs: () => number
  wait: Wait
  /** A decision was made; not when one is given again. */
  onDecided: (payment: StoredPayment) => void
}>

/**
 * Decides whether a payment may be made: checks the rate, then whether the same was asked before; gathers
 * what is known, decides, opens a case unless the payment is allowed, and stores the answer with its events. The same
 * customer and key get the same answer again. An allowed payment reserves nothing: there is no ledger yet to hold a
 * balance, so two payments at the same moment may both be allowed on the same money.
 * @throws PaymentRateError, IdempotencyConflictError, PaymentInProgressError, CustomerNotFoundError
 */
export function createDecidePayment(dependencies: Dependencies): DecidePayment {
  const { takeTurn, payments, tools, ruleHitsOf, toolTimeoutMs, wait, now, monotonicMs } = dependencies
  const callTool = createCallTool({ wait, monotonicMs, ...(toolTimeoutMs && { timeoutMs: toolTimeoutMs }) })
  const claimPayment = createClaimPayment({ payments, wait, now })
  const judgePayment = createJudgePayment({ tools, callTool, ruleHitsOf })

  const answer = async (claim: PaymentClaim, { input, caller }: DecidePaymentCommand, beganMs: number) => {
    const judged = claim.judged ?? (await judgePayment({ paymentId: claim.id, input, caller }))
    const opened = await openCase({ claim, judged, input, caller }, { payments, tools, callTool })
    const payment = toStoredPayment(
      { id: claim.id, input, judged, requestId: caller.requestId, ...opened },
      { decidedAt: now(), durationMs: monotonicMs() - beganMs },
    )
    const alerts = ruleAlerts(judged.ruleHits, {
      entity: paymentEntity(payment.id),
      after: payment.decidedAt,
      cause: caller,
    })
    const isOurs = await payments.finish(claim, payment, [paymentDecidedEvent(payment, caller), ...alerts])
    // The claim expired and another request took it over; the answer of that request counts.
    if (!isOurs) throw new PaymentInProgressError()
    dependencies.onDecided(payment)
    return payment
  }

  return async (command) => {
    const beganMs = monotonicMs()
    const turn = await takeTurn(command.input.customerId)
    if (!turn.allowed) throw new PaymentRateError(turn.retryAfterMs)

    const claimed = await claimPayment(command.input, command.caller.actor)
    if (claimed.kind === 'DECIDED') return claimed.payment
    try {
      return await answer(claimed.claim, command, beganMs)
    } catch (error) {
      // If this fails as well, the claim expires.
      await payments.release(claimed.claim).catch(() => {})
      throw error
    }
  }
}

type Judged = DecidePaymentCommand & Readonly<{ claim: PaymentClaim; judged: JudgedPayment }>
type Opening = Readonly<{ payments: Payments; tools: Tools; callTool: CallTool }>
type Opened = Readonly<{ caseId: string | null; trace: readonly TraceStep[] }>

/** Opens a case for review. If that fails, the decision stands and the trace shows the failure. */
async function openCase(
  { claim, judged, input: { customerId, payeeId, amount }, caller }: Judged,
  { payments, tools, callTool }: Opening,
): Promise<Opened> {
  if (judged.verdict === 'ALLOW') return { caseId: null, trace: judged.trace }
  // A takeover after a crash must request exactly the same case, or its key would be refused.
  if (!claim.judged && !(await payments.remember(claim, judged))) throw new PaymentInProgressError()

  const asked = {
    paymentId: claim.id,
    ...{ customerId, payeeId, amount },
    priority: judged.verdict === 'BLOCK' ? 'HIGH' : 'NORMAL',
    errorCode: judged.balanceExceeded ? 'INSUFFICIENT_FUNDS' : 'CARD_DECLINED',
  } as const
  const trace = [...judged.trace]
  const result = await callTool({
    name: 'createCase',
    attempt: (signal) => tools.createCase(asked, { caller, signal }),
    toOutput: (opened) => opened,
    trace,
  })
  return { caseId: result.ok ? result.value.issueId : null, trace }
}

type Answered = Opened & Readonly<{ id: string; input: PaymentInput; judged: JudgedPayment; requestId: string }>

function toStoredPayment(
  { id, input, judged, ...rest }: Answered,
  moment: Readonly<{ decidedAt: Date; durationMs: number }>,
): StoredPayment {
  const { customerId, payeeId, amount } = input
  const { verdict, reasons } = judged
  return { id, customerId, payeeId, amount, verdict, reasons, ...rest, ...moment }
}
