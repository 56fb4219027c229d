import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidePayment, type PaymentQuestion, type RiskSignals, type RuleHit } from './payment-decision.ts'

const NONE = { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 }
const harmless: RiskSignals = { riskScore: 0, recentIssues: NONE, paymentsLastHour: 0, newPayee: false }
const plain: PaymentQuestion = { amount: 1_000, balance: 100_000, signals: harmless, ruleHits: [] }
const withSignals = (change: Partial<RiskSignals>) => ({ ...plain, signals: { ...harmless, ...change } })
const disputes = (DISPUTE: number) => withSignals({ recentIssues: { ...NONE, DISPUTE } })
const hit = (verdict: RuleHit['verdict']): RuleHit => ({
  ruleId: 'night-payments',
  version: 2,
  description: 'Payments at night',
  severity: 'INFO',
  verdict,
})

const codesOf = (question: PaymentQuestion) => decidePayment(question).reasons.map(({ code }) => code)

describe('a payment', () => {
  it.for<[string, PaymentQuestion, 'ALLOW' | 'REVIEW' | 'BLOCK', string[]]>([
    ['with nothing against it', plain, 'ALLOW', ['NOTHING_AGAINST']],
    ['of all that there is', { ...plain, amount: 100_000, balance: 100_000 }, 'ALLOW', ['NOTHING_AGAINST']],
    ['of a cent more than there is', { ...plain, amount: 1_001, balance: 1_000 }, 'BLOCK', ['BALANCE_EXCEEDED']],
    ['of a risky customer', withSignals({ riskScore: 80 }), 'BLOCK', ['RISK_CRITICAL']],
    ['just below that', withSignals({ riskScore: 79 }), 'REVIEW', ['RISK_ELEVATED']],
    ['of a doubtful customer', withSignals({ riskScore: 50 }), 'REVIEW', ['RISK_ELEVATED']],
    ['of one just below that', withSignals({ riskScore: 49 }), 'ALLOW', ['NOTHING_AGAINST']],
    ['after three disputes', disputes(3), 'REVIEW', ['DISPUTES_MANY']],
    ['after two disputes', disputes(2), 'ALLOW', ['NOTHING_AGAINST']],
    ['after ten others within the hour', withSignals({ paymentsLastHour: 10 }), 'REVIEW', ['PAYMENTS_MANY']],
    ['after nine', withSignals({ paymentsLastHour: 9 }), 'ALLOW', ['NOTHING_AGAINST']],
    [
      'of much, the first to a payee',
      { ...withSignals({ newPayee: true }), amount: 50_000 },
      'REVIEW',
      ['FIRST_PAYMENT_LARGE'],
    ],
    ['of little, the first', { ...withSignals({ newPayee: true }), amount: 49_999 }, 'ALLOW', ['NOTHING_AGAINST']],
    ['without a balance', { ...plain, balance: null }, 'BLOCK', ['BALANCE_UNAVAILABLE']],
    ['without signals', { ...plain, signals: null }, 'REVIEW', ['SIGNALS_UNAVAILABLE']],
    ['that a rule holds for', { ...plain, ruleHits: [hit('REVIEW')] }, 'REVIEW', ['BUSINESS_RULE']],
    ['that a rule blocks', { ...plain, ruleHits: [hit('BLOCK')] }, 'BLOCK', ['BUSINESS_RULE']],
    ['that a rule only tells of', { ...plain, ruleHits: [hit(null)] }, 'ALLOW', ['NOTHING_AGAINST']],
  ])('%s', ([, question, verdict, codes]) => {
    expect(decidePayment(question).verdict).toBe(verdict)
    expect(codesOf(question)).toEqual(codes)
  })

  it('is decided by the most severe reason, and all are listed, most severe first', () => {
    const question = {
      ...withSignals({ riskScore: 60, newPayee: true }),
      amount: 60_000,
      balance: 1,
      ruleHits: [hit('BLOCK')],
    }

    expect(decidePayment(question).verdict).toBe('BLOCK')
    expect(codesOf(question)).toEqual(['BALANCE_EXCEEDED', 'BUSINESS_RULE', 'RISK_ELEVATED', 'FIRST_PAYMENT_LARGE'])
  })
})

const signals = fc.record({
  riskScore: fc.integer({ min: 0, max: 100 }),
  recentIssues: fc.record({
    DECLINE: fc.nat(9),
    MISSED_INSTALLMENT: fc.nat(9),
    DISPUTE: fc.nat(9),
    REFUND_REQUEST: fc.nat(9),
  }),
  paymentsLastHour: fc.nat(20),
  newPayee: fc.boolean(),
})
const question = fc.record({
  amount: fc.integer({ min: 1, max: 200_000 }),
  balance: fc.option(fc.nat(200_000)),
  signals: fc.option(signals),
  ruleHits: fc.array(fc.constantFrom(hit(null), hit('REVIEW'), hit('BLOCK')), { maxLength: 3 }),
})
const SEVERITY = { ALLOW: 0, REVIEW: 1, BLOCK: 2 }

describe('any signals of a payment', () => {
  it('it is never allowed above the balance', () => {
    fc.assert(
      fc.property(question, (asked) => {
        const { verdict } = decidePayment(asked)
        expect(asked.balance !== null && asked.amount <= asked.balance ? 'any' : verdict).not.toBe('ALLOW')
      }),
    )
  })

  it('more risk never makes the verdict milder', () => {
    fc.assert(
      fc.property(question, signals, fc.nat(100), (asked, known, more) => {
        const riskier = { ...known, riskScore: Math.min(100, known.riskScore + more) }
        const before = decidePayment({ ...asked, signals: known })
        const after = decidePayment({ ...asked, signals: riskier })
        expect(SEVERITY[after.verdict]).toBeGreaterThanOrEqual(SEVERITY[before.verdict])
      }),
    )
  })

  it('there is always a reason, and the first one has the verdict', () => {
    fc.assert(
      fc.property(question, (asked) => {
        const { verdict, reasons } = decidePayment(asked)
        expect(reasons[0]?.verdict).toBe(verdict)
      }),
    )
  })
})
