import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInShare, type PolicyTrial, readShare } from './policy-trial.ts'

const trial = (share: number, change: Partial<PolicyTrial> = {}): PolicyTrial => ({
  skill: 'refund-policy',
  digest: 'd1',
  version: '1.0.1',
  mode: 'SPLIT',
  share,
  startedBy: 'ada',
  startedAt: new Date(0),
  ...change,
})
const customers = Array.from({ length: 4000 }, (_, index) => `cust_${index}`)
const inTrial = (one: PolicyTrial) => customers.filter((customer) => isInShare(one, customer))

describe('a trial on a share of the customers', () => {
  it.for([0.01, 0.1, 0.5])('takes about its share, %d', (share) => {
    const taken = inTrial(trial(share)).length / customers.length

    // Five standard deviations.
    expect(Math.abs(taken - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / customers.length))
  })

  it('keeps its customers when its share grows, and depends on the customer id alone', () => {
    const anyShare = fc.double({ min: 0.001, max: 0.5, noNaN: true })
    fc.assert(
      fc.property(fc.string(), anyShare, anyShare, (customer, a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)]
        if (isInShare(trial(small), customer)) expect(isInShare(trial(large), customer)).toBe(true)
        expect(isInShare(trial(a), customer)).toBe(isInShare(trial(a, { startedBy: 'eve' }), customer))
      }),
    )
  })

  it('meets other customers with another candidate', () => {
    const first = new Set(inTrial(trial(0.1)))
    const both = inTrial(trial(0.1, { digest: 'd2' })).filter((customer) => first.has(customer))

    expect(both.length).toBeLessThan(first.size / 2)
  })

  it('takes no customers in SHADOW mode', () => {
    expect(inTrial(trial(0.5, { mode: 'SHADOW' }))).toEqual([])
  })
})

describe('a share', () => {
  it('is more than 0 and at most a half', () => {
    expect([readShare('SPLIT', 0.5), readShare('SPLIT', 0.001)]).toEqual([0.5, 0.001])
    expect([readShare('SHADOW', null), readShare('SHADOW', 0)]).toEqual([0, 0])
  })

  it.for([
    ['SPLIT', null],
    ['SPLIT', 0],
    ['SPLIT', -0.1],
    ['SPLIT', 0.51],
    ['SPLIT', Number.NaN],
    ['SHADOW', 0.1],
  ] as const)('of %s that is %d is refused', ([mode, share]) => {
    expect(() => readShare(mode, share)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
  })
})
