import { CustomerNotFoundError } from '@redress/shared/errors.ts'
import type { TraceStep } from '../../domain/decision.ts'
import { decidePayment, toReasonText } from '../domain/payment-decision.ts'
import { toPaymentFacts } from '../domain/payment-facts.ts'
import type { PaymentInput } from '../domain/payment-input.ts'
import type { JudgedPayment } from '../domain/stored-payment.ts'
import type { CallTool, ToolResult } from './call-tool.ts'
import type { Caller, FindPaymentRuleHits, Tools } from './ports.ts'

const PLAN: TraceStep = {
  name: 'plan',
  attempt: 1,
  ok: true,
  error: null,
  durationMs: 0,
  output: { steps: ['getBalance', 'getRiskSignals', 'decide', 'createCase unless ALLOW'] },
}

type Dependencies = Readonly<{ tools: Tools; callTool: CallTool; ruleHitsOf: FindPaymentRuleHits }>
type Asked = Readonly<{ paymentId: string; input: PaymentInput; caller: Caller }>

/**
 * Gathers what is known and decides. A balance that cannot be read blocks the payment, signals that cannot be read put
 * it before a person.
 * @throws CustomerNotFoundError
 */
export function createJudgePayment({ tools, callTool, ruleHitsOf }: Dependencies) {
  return async ({ paymentId, input, caller }: Asked): Promise<JudgedPayment> => {
    const { customerId, payeeId, amount } = input
    const { currency } = amount
    const trace = [PLAN]
    const balance = await callTool({
      name: 'getBalance',
      attempt: (signal) => tools.getBalance({ customerId, currency }, { caller, signal }),
      toOutput: (minorUnits) => ({ balance: minorUnits, currency }),
      trace,
    })
    refuseUnknown(balance, customerId)
    const signals = await callTool({
      name: 'getRiskSignals',
      attempt: (signal) => tools.getRiskSignals({ customerId, payeeId, paymentId }, { caller, signal }),
      toOutput: (known) => known,
      trace,
    })
    refuseUnknown(signals, customerId)
    return judge({ input, balance: orNull(balance), signals: orNull(signals), ruleHitsOf, trace })
  }
}

type Gathered = Pick<Parameters<typeof decidePayment>[0], 'balance' | 'signals'> &
  Readonly<{ input: PaymentInput; ruleHitsOf: FindPaymentRuleHits; trace: readonly TraceStep[] }>

function judge({ input: { amount }, balance, signals, ruleHitsOf, trace }: Gathered): JudgedPayment {
  const ruleHits = ruleHitsOf(toPaymentFacts(amount, balance, signals))
  const { verdict, reasons } = decidePayment({ amount: amount.amount, balance, signals, ruleHits })
  const output = { verdict, reasons: reasons.map(({ code }) => code), rules: ruleHits.map(({ ruleId }) => ruleId) }
  return {
    verdict,
    reasons: reasons.map(toReasonText),
    balanceExceeded: balance !== null && amount.amount > balance,
    ruleHits,
    trace: [...trace, { name: 'decide', attempt: 1, ok: true, error: null, durationMs: 0, output }],
  }
}

/** That there is no such customer is an answer, and no failure. */
function refuseUnknown(result: ToolResult<unknown>, customerId: string): void {
  if (!result.ok && result.error === 'CUSTOMER_NOT_FOUND') throw new CustomerNotFoundError(customerId)
}

const orNull = <T>(result: ToolResult<T>): T | null => (result.ok ? result.value : null)
