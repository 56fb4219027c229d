import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Deployment,
  deploymentBefore,
  deploymentInForce,
  latestOfFolder,
  wasInForce,
} from './policy-deployment.ts'

const minute = (number: number) => new Date(Date.UTC(2030, 0, 1, 0, number))
const entry = (number: number, digest: string, change: Partial<Deployment> = {}): Deployment => ({
  skill: 'refund-policy',
  number,
  digest,
  version: '1.0.0',
  source: 'PUBLISHED',
  by: 'ada',
  effectiveFrom: minute(number),
  at: minute(number),
  reason: null,
  ...change,
})
const digestAt = (deployments: readonly Deployment[], at: number) => deploymentInForce(deployments, minute(at))?.digest

describe('the version in force', () => {
  it('is the last act that is effective', () => {
    const log = [entry(1, 'a'), entry(2, 'b'), entry(3, 'c')]

    expect([digestAt(log.slice(0, 1), 9), digestAt(log.slice(0, 2), 9), digestAt(log, 9)]).toEqual(['a', 'b', 'c'])
  })

  it('waits for its date, and then goes before what was done since with an earlier one', () => {
    const log = [entry(1, 'a'), entry(2, 'b', { effectiveFrom: minute(10) }), entry(3, 'c')]

    expect([digestAt(log, 9), digestAt(log, 10)]).toEqual(['c', 'b'])
  })

  it('is the latest deployment even for a reader whose clock is behind', () => {
    expect(digestAt([entry(1, 'a'), entry(2, 'b')], 1)).toBe('b')
  })

  it('is the later act where two are to be effective at the same time', () => {
    const log = [entry(2, 'b', { effectiveFrom: minute(10) }), entry(1, 'a', { effectiveFrom: minute(10) })]

    expect(digestAt(log, 10)).toBe('b')
  })

  it('is the earliest before any is effective', () => {
    const log = [entry(2, 'b', { effectiveFrom: minute(20) }), entry(1, 'a', { effectiveFrom: minute(10) })]

    expect(digestAt(log, 5)).toBe('a')
    expect(deploymentInForce([], minute(5))).toBeNull()
  })

  it('never depends on the order of the log, and changes only when an entry becomes effective', () => {
    const anyLog = fc.uniqueArray(fc.tuple(fc.nat(8), fc.nat(8), fc.constantFrom('a', 'b', 'c')), {
      minLength: 1,
      selector: ([number]) => number,
    })
    fc.assert(
      fc.property(anyLog, fc.nat(9), (rows, at) => {
        const log = rows.map(([number, from, digest]) => entry(number, digest, { effectiveFrom: minute(from) }))
        const found = deploymentInForce(log, minute(at))!

        expect(deploymentInForce([...log].reverse(), minute(at))).toBe(found)
        const effective = log.filter(({ effectiveFrom, number }) => effectiveFrom <= minute(Math.max(at, number)))
        const wanted = effective.length > 0 ? effective : log
        expect(wanted).toContain(found)
        const key = ({ effectiveFrom, number }: Deployment) => effectiveFrom.getTime() + number
        const keys = wanted.map(key)
        expect(key(found)).toBe(effective.length > 0 ? Math.max(...keys) : Math.min(...keys))
      }),
    )
  })
})

describe('the log', () => {
  it('finds the version in force before, even if the present one was deployed again', () => {
    const log = [entry(1, 'a'), entry(2, 'b'), entry(3, 'b'), entry(4, 'c', { effectiveFrom: minute(10) })]

    expect(deploymentBefore(log, minute(5))?.digest).toBe('a')
    expect(deploymentBefore(log.slice(1), minute(5))).toBeNull()
    expect([wasInForce(log, 'a', minute(5)), wasInForce(log, 'c', minute(5))]).toEqual([true, false])
  })

  it('finds the latest version of the folder, regardless of later publications', () => {
    const log = [entry(3, 'c'), entry(2, 'b', { source: 'FOLDER' }), entry(1, 'a', { source: 'FOLDER' })]

    expect(latestOfFolder(log)).toBe('b')
    expect(latestOfFolder([entry(1, 'a')])).toBeNull()
  })
})
