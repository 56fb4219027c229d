import { ALLOWED_ACTIONS } from '@redress/shared/actions.ts'
import type { DecisionCase } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RULES_THRESHOLDS, routeVerdict } from '../../domain/routing.ts'
import { openSkills } from '../../policies/files/skills-folder.ts'
import { anyDecisionCase } from './decision-cases.testing.ts'
import { decideByRules } from './rules-engine.ts'

const directory = new URL('../../../../skills', import.meta.url).pathname
const skills = await openSkills(directory, { pollMs: null })
const decide = (decisionCase: DecisionCase) => decideByRules(decisionCase, skills.forType(decisionCase.details.type))

const declined: DecisionCase = {
  issueId: 'iss_1',
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 },
  customer: {
    id: 'cust_042',
    riskScore: 15,
    accountAgeDays: 12,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: { id: 'txn_5521', amount: { amount: 12500, currency: 'USD' }, status: 'DECLINED', ageDays: 1 },
}

describe('a verdict of the rules', () => {
  it('gives its reason in sentences with the values that mattered', () => {
    const { reasoning } = decide(declined)

    expect(reasoning).toBe(
      'The payment of 125.00 USD was declined for insufficient funds after 1 automatic retry, and with a risk score ' +
        'of 15 another attempt is likely to succeed. The account is only 12 days old, which makes this less certain.',
    )
  })

  it('says of a payment with nothing left that it was refunded or approved before, not that the record is wrong', () => {
    const { action, reasoning } = decide({
      ...declined,
      details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 1, partialAmount: null },
      transaction: { ...declined.transaction!, status: 'CAPTURED', refunded: 12500 },
    })

    expect([action, reasoning]).toEqual([
      'ESCALATE',
      'Nothing can be refunded (0.00 USD): of the 125.00 USD that were paid, 125.00 USD were refunded or approved before.',
    ])
  })

  it('names the rule, its section and the exact policy', () => {
    const verdict = decide(declined)

    expect(verdict).toMatchObject({
      policyApplied: 'decline-policy §2.1 insufficient-funds-few-retries',
      policy: { skill: 'decline-policy', version: '1.0.0', digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      engine: 'RULES',
      fallback: false,
      model: null,
      usage: null,
    })
  })

  it('is traced from the facts to the rule, with what was added to its confidence', () => {
    const [context, rules, ...more] = decide(declined).trace

    expect(context).toMatchObject({ name: 'context', ok: true, output: { facts: { riskScore: 15, amount: 12500 } } })
    expect(rules).toMatchObject({
      name: 'rules',
      output: {
        rule: 'insufficient-funds-few-retries',
        section: '§2.1',
        inputs: { errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1, riskScore: 15 },
        ruleConfidence: 85,
        adjustments: [{ id: 'new-account', section: '§6.1', change: -10, inputs: { accountAgeDays: 12 } }],
        confidence: 75,
      },
    })
    expect(more).toEqual([])
  })

  it('is traced with every threshold that was not reached on the way', () => {
    const [, rules] = decide(declined).trace

    expect(rules?.output?.notFired).toEqual([
      { rule: 'transaction-missing', fact: 'transactionKnown', expected: 'false', actual: true },
      { rule: 'currency-not-covered', fact: 'currencySupported', expected: 'false', actual: true },
      { rule: 'above-ceiling', fact: 'aboveCeiling', expected: 'true', actual: false },
      { rule: 'amount-not-positive', fact: 'amount', expected: 'at most 0', actual: 12500 },
      {
        rule: 'payment-not-open',
        fact: 'transactionStatus',
        expected: 'CAPTURED or REFUNDED or DISPUTED',
        actual: 'DECLINED',
      },
      { rule: 'decline-series', fact: 'recentDeclines', expected: 'more than 10', actual: 0 },
    ])
  })
})

describe('for any case, the rules', () => {
  it('give one verdict, with an allowed action, a confidence in percent and a reason', () => {
    fc.assert(
      fc.property(anyDecisionCase, (decisionCase) => {
        const { action, confidence, reasoning } = decide(decisionCase)

        expect(ALLOWED_ACTIONS[decisionCase.details.type]).toContain(action)
        expect(Number.isInteger(confidence) && confidence >= 0 && confidence <= 100).toBe(true)
        expect(reasoning).toMatch(/^[A-Z][^{}]+\.$/)
      }),
      { numRuns: 500 },
    )
  })

  it('never need the last rule', () => {
    fc.assert(
      fc.property(anyDecisionCase, (decisionCase) => {
        expect(decide(decisionCase).policyApplied).not.toContain('nothing-fits')
      }),
      { numRuns: 500 },
    )
  })

  it('say the same when asked again', () => {
    fc.assert(
      fc.property(anyDecisionCase, (decisionCase) => {
        const { trace: _, ...first } = decide(decisionCase)
        const { trace: __, ...second } = decide(structuredClone(decisionCase))

        expect(second).toEqual(first)
      }),
    )
  })

  it('escalate cases without a transaction or amount, in another currency, or above the ceiling', () => {
    const ceilings = { DECLINE: 200_000, MISSED_INSTALLMENT: 200_000, DISPUTE: 100_000, REFUND_REQUEST: 100_000 }
    fc.assert(
      fc.property(anyDecisionCase, (decisionCase) => {
        const { details, transaction } = decisionCase
        const paid = transaction?.amount ?? null
        const asked = details.type === 'MISSED_INSTALLMENT' ? details.amountDue : paid
        const money = details.type === 'REFUND_REQUEST' ? (details.partialAmount ?? paid) : asked
        const comparable = money !== null && ['USD', 'EUR', 'GBP'].includes(money.currency)
        fc.pre(transaction === null || !comparable || money.amount <= 0 || money.amount > ceilings[details.type])

        expect(decide(decisionCase).action).toBe('ESCALATE')
      }),
      { numRuns: 500 },
    )
  })

  it('never block a card without a person', () => {
    fc.assert(
      fc.property(anyDecisionCase, (decisionCase) => {
        const verdict = decide(decisionCase)

        expect(verdict.action === 'BLOCK_CARD' && routeVerdict(verdict, RULES_THRESHOLDS) === 'AUTO_RESOLVE').toBe(
          false,
        )
      }),
      { numRuns: 500 },
    )
  })
})
