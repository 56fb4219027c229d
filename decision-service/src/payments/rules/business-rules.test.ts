import { describe, expect, it } from 'vitest'
import { newCase } from '../../../test/service.ts'
import type { PaymentFacts } from '../domain/payment-facts.ts'
import type { BusinessRule, RuleContent } from './business-rule.ts'
import { checkRule } from './check-rule.ts'
import { compileRules } from './rule-set.ts'

const content: RuleContent = {
  id: 'large-payments',
  description: 'Large payments',
  subject: 'PAYMENT',
  when: { amount: { gte: 1_000 } },
  severity: 'WARNING',
  verdict: 'REVIEW',
  enabled: true,
}
const ruleWith = (change: Partial<BusinessRule>): BusinessRule => ({
  ...content,
  version: 3,
  changedBy: 'ada',
  changedAt: new Date(0),
  ...change,
})
const facts: PaymentFacts = {
  amount: 1_000,
  currency: 'USD',
  balance: null,
  riskScore: null,
  recentDisputes: null,
  paymentsLastHour: null,
  newPayee: null,
}
const hitsOf = (rule: Partial<BusinessRule>) => compileRules([ruleWith(rule)]).hitsOfPayment(facts).length

describe('a business rule', () => {
  it('that is right has no problems', () => {
    const every = { newPayee: true, currency: ['EUR', 'USD'], riskScore: { gte: 10, lt: 20 }, balance: { not: null } }

    expect(checkRule(content)).toEqual([])
    expect(checkRule({ ...content, when: every })).toEqual([])
    expect(checkRule({ ...content, subject: 'DISPUTE', verdict: null, when: { reason: 'UNAUTHORIZED' } })).toEqual([])
  })

  it('is refused with all problems and their paths', () => {
    const when = { amount: { gte: 'much', above: 1 }, aboveCeiling: true, newPayee: 'yes' }
    const wrong: RuleContent = { ...content, id: 'Large', description: ' ', subject: 'DECLINE', when }

    expect(checkRule(wrong).map(({ path }) => path)).toEqual([
      'id',
      'description',
      'verdict',
      'when.amount.gte',
      'when.amount.above',
      'when.aboveCeiling',
      'when.newPayee',
    ])
  })

  it('asks for no number that JSON cannot write, and for no half of a character', () => {
    const when = { amount: { gte: Number.POSITIVE_INFINITY }, riskScore: Number.NaN, currency: '\ud800' }

    expect(checkRule({ ...content, when }).map(({ path }) => path)).toEqual([
      'when.amount.gte',
      'when.riskScore',
      'when.currency',
    ])
  })

  it.for<[string, Partial<RuleContent>, string]>([
    ['without a condition', { when: {} }, 'when'],
    ['with an endless one', { when: { currency: Array(1_000).fill('USD') } }, 'when'],
    ['that allows', { verdict: 'ALLOW' as 'REVIEW' }, 'verdict'],
    ['with an endless id', { id: 'a'.repeat(101) }, 'id'],
    ['with an endless description', { description: 'a'.repeat(501) }, 'description'],
  ])('%s is refused', ([, change, path]) => {
    expect(checkRule({ ...content, ...change })).toEqual([{ path, problem: expect.any(String) }])
  })

  it('matches its conditions, with its version', () => {
    expect(compileRules([ruleWith({})]).hitsOfPayment(facts)).toEqual([
      {
        ruleId: 'large-payments',
        version: 3,
        description: 'Large payments',
        severity: 'WARNING',
        verdict: 'REVIEW',
      },
    ])
    expect(compileRules([ruleWith({})]).hitsOfPayment({ ...facts, amount: 999 })).toEqual([])
  })

  it('does not hold while it is not enabled, for what is not known, or for another subject', () => {
    expect(hitsOf({ enabled: false })).toBe(0)
    expect(hitsOf({ when: { riskScore: { lt: 50 } } })).toBe(0)
    expect(hitsOf({ subject: 'DECLINE', when: { amount: { gte: 1 } } })).toBe(0)
  })

  it('holds for a case of its type', () => {
    const rules = compileRules([
      ruleWith({ id: 'old-customer', subject: 'REFUND_REQUEST', when: { accountAgeDays: { gte: 100 } } }),
      ruleWith({ id: 'new-customer', subject: 'REFUND_REQUEST', when: { accountAgeDays: { lt: 100 } } }),
      ruleWith({ id: 'dispute', subject: 'DISPUTE', when: { accountAgeDays: { gte: 100 } } }),
    ])

    expect(rules.hitsOfCase(newCase().case).map(({ ruleId }) => ruleId)).toEqual(['old-customer'])
  })

  it('that is no longer understood is named, and its neighbours hold', () => {
    const rules = compileRules([ruleWith({ id: 'gone', when: { moonPhase: 'FULL' } }), ruleWith({})])

    expect(rules.broken).toEqual(['gone'])
    expect(rules.hitsOfPayment(facts)).toHaveLength(1)
  })
})
