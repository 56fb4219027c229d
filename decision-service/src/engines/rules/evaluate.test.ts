import { describe, expect, it } from 'vitest'
import { compileConditions } from '../../policies/table/condition.ts'
import type { Adjustment, DecisionTable, Rule } from '../../policies/table/decision-table.ts'
import type { Facts, FactValue } from '../../policies/table/fact.ts'
import { FACTS } from '../../policies/table/facts.ts'
import { evaluate } from './evaluate.ts'

type When = Record<string, unknown>

const conditionsFor = (when: When) => compileConditions(when, FACTS.DECLINE).conditions
const because = () => 'Because.'
const rule = (id: string, when: When, then: Partial<Rule> = {}): Rule => ({
  id,
  section: '§1',
  conditions: conditionsFor(when),
  action: 'RETRY_PAYMENT',
  confidence: 80,
  because,
  ...then,
})
const adjustment = (id: string, when: When, change: number): Adjustment => ({
  id,
  section: '§2',
  conditions: conditionsFor(when),
  change,
  because,
})
const tableOf = (rules: Rule[], adjustments: Adjustment[] = []): DecisionTable => ({
  serves: 'DECLINE',
  currencies: ['USD'],
  rules,
  adjustments,
})
const facts: Facts = {
  riskScore: 20,
  errorCode: 'CARD_EXPIRED',
  aboveCeiling: false,
  shippingStatus: null,
  amount: null,
}

describe('a condition', () => {
  it.for<[When, boolean]>([
    [{ riskScore: 20 }, true],
    [{ riskScore: [19, 20] }, true],
    [{ riskScore: { not: 20 } }, false],
    [{ riskScore: { lt: 20 } }, false],
    [{ riskScore: { lte: 20 } }, true],
    [{ riskScore: { gt: 20 } }, false],
    [{ riskScore: { gte: 20 } }, true],
    [{ riskScore: { gte: 10, lt: 20 } }, false],
    [{ riskScore: { gte: 10, lt: 21 } }, true],
    [{ riskScore: { gte: 10, not: [20, 30] } }, false],
    [{ errorCode: 'CARD_EXPIRED' }, true],
    [{ errorCode: { not: ['CARD_EXPIRED', 'CARD_DECLINED'] } }, false],
    [{ aboveCeiling: false }, true],
    [{ shippingStatus: null }, true],
    [{ shippingStatus: ['LOST', null] }, true],
    [{ shippingStatus: { not: 'LOST' } }, false],
    [{ amount: { lt: 1 } }, false],
    [{ amount: { gt: -1 } }, false],
    [{ riskScore: 20, errorCode: 'CARD_DECLINED' }, false],
  ])('such as %j holds: %s', ([when, holds]) => {
    const { rule: decided } = evaluate(tableOf([rule('asked', when), rule('last', {})]), facts)

    expect(decided.id === 'asked').toBe(holds)
  })
})

describe('a decision table', () => {
  it('decides by the first rule that fits, even where a later one fits better', () => {
    const rules = [rule('first', { riskScore: { lt: 50 } }), rule('better', { riskScore: 20 }), rule('last', {})]

    expect(evaluate(tableOf(rules), facts).rule.id).toBe('first')
  })

  it('reports for each earlier rule the first condition that failed, and its value', () => {
    const rules = [
      rule('a', { errorCode: 'CARD_EXPIRED', riskScore: { gte: 80 } }),
      rule('b', { shippingStatus: 'LOST' }),
    ]

    const { notFired } = evaluate(tableOf([...rules, rule('last', {}), rule('never', {})]), facts)

    expect(notFired).toEqual([
      { rule: 'a', fact: 'riskScore', expected: 'at least 80', actual: 20 },
      { rule: 'b', fact: 'shippingStatus', expected: 'LOST', actual: null },
    ])
  })

  it.for<[number[], number]>([
    [[], 80],
    [[-10], 70],
    [[-10, -15], 55],
    [[-60, -60], 0],
    [[15, 15], 100],
  ])('with the adjustments %j makes 80 into %d', ([changes, expected]) => {
    const adjustments = changes.map((change, index) => adjustment(`a-${index}`, { riskScore: 20 }, change))

    const { confidence } = evaluate(tableOf([rule('last', {})], adjustments), facts)

    expect(confidence).toBe(expected)
  })

  it('leaves out adjustments that do not fit', () => {
    const adjustments = [adjustment('fits', { riskScore: 20 }, -5), adjustment('not', { riskScore: 21 }, -5)]

    const { adjustments: applied } = evaluate(tableOf([rule('last', {})], adjustments), facts)

    expect(applied.map(({ id }) => id)).toEqual(['fits'])
  })

  it('leaves the confidence alone where a person decides anyway', () => {
    const rules = [rule('last', {}, { action: 'ESCALATE', confidence: 40 })]

    const { confidence } = evaluate(tableOf(rules, [adjustment('fits', { riskScore: 20 }, -5)]), facts)

    expect(confidence).toBe(40)
  })

  it('takes a fact that is not there for none', () => {
    const nothing: Record<string, FactValue> = {}

    const { rule: decided } = evaluate(tableOf([rule('asked', { riskScore: { lt: 50 } }), rule('last', {})]), nothing)

    expect(decided.id).toBe('last')
  })
})
