import { describe, expect, it } from 'vitest'
import { compileConditions } from './condition.ts'
import type { FactValue } from './fact.ts'

const FACTS = {
  count: { kind: 'number' },
  place: { kind: 'text', values: ['HERE', 'THERE'] },
  currency: { kind: 'currency' },
  seen: { kind: 'boolean' },
} as const

const holds = (name: keyof typeof FACTS, wanted: unknown, value: FactValue) => {
  const { conditions, problems } = compileConditions({ [name]: wanted }, FACTS)
  expect(problems).toEqual([])
  return conditions.every((condition) => condition.holds(value))
}

describe('a condition on a fact that is not known', () => {
  it.for<[keyof typeof FACTS, unknown]>([
    ['place', 'HERE'],
    ['place', { not: 'HERE' }],
    ['place', { not: ['HERE', 'THERE'] }],
    ['place', { not: null }],
    ['place', { not: ['HERE', null] }],
    ['count', 0],
    ['count', { not: 0 }],
    ['count', { lt: 5, not: 3 }],
    ['count', { gte: 0 }],
    ['currency', { not: 'USD' }],
    ['seen', false],
    ['seen', { not: true }],
  ])('does not hold: %s %j', ([name, wanted]) => {
    expect(holds(name, wanted, null)).toBe(false)
  })

  it.for<[keyof typeof FACTS, unknown]>([
    ['place', null],
    ['place', ['HERE', null]],
    ['count', [1, null]],
  ])('holds where null is named: %s %j', ([name, wanted]) => {
    expect(holds(name, wanted, null)).toBe(true)
  })
})

describe('a condition with not', () => {
  it('holds for every known value but those that it names', () => {
    expect(['HERE', 'THERE'].map((value) => holds('place', { not: 'HERE' }, value))).toEqual([false, true])
    expect(['HERE', 'THERE'].map((value) => holds('place', { not: null }, value))).toEqual([true, true])
  })
})

describe('a condition on a currency', () => {
  it('compares its code in upper case', () => {
    expect([holds('currency', 'usd', 'USD'), holds('currency', { not: ['eur', 'Usd'] }, 'USD')]).toEqual([true, false])
  })

  it.for(['ABC', 'XXX', '', '\ud800'])('is refused for %j, which is no currency', (code) => {
    expect(compileConditions({ currency: code }, FACTS).problems).toMatchObject([{ path: ['currency'] }])
  })
})
