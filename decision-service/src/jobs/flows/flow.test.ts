import { BadUserInputError } from '@redress/shared/errors.ts'
import { describe, expect, it } from 'vitest'
import { COUNTING } from '../../../test/job-bed.ts'
import { planJob } from '../orders/order.ts'
import { type ChildState, type Flow, planFlow, settle } from './flow.ts'

const orderer = { actor: 'ada', caller: null }
const plan = (flow: Flow) =>
  planFlow(flow, (order, path) => planJob(order, { registry: COUNTING, orderer, now: new Date(0), path }))
const job = (key: string, children: readonly Flow[] = []): Flow => ({ type: 'count-critical', data: { key }, children })
/** A chain of so many levels. */
const chain = (levels: number): Flow => job(`l${levels}`, levels === 1 ? [] : [chain(levels - 1)])
const pathOf = (flow: Flow) => {
  try {
    return plan(flow).length
  } catch (error) {
    if (!(error instanceof BadUserInputError)) throw error
    return error.facts.argumentPath.join('.')
  }
}

describe('a flow', () => {
  it('gives each job its parent, and ids that follow from the first one', () => {
    const flow = { ...job('a', [job('b', [job('c')]), job('d')]), idempotencyKey: 'k1' }

    const parts = plan(flow)

    const [a, b] = parts.map(({ plan: { id } }) => id)
    expect(parts.map(({ plan: { data, parentId }, isParent }) => [data, parentId, isParent])).toEqual([
      [{ key: 'a' }, null, true],
      [{ key: 'b' }, a, true],
      [{ key: 'c' }, b, false],
      [{ key: 'd' }, a, false],
    ])
    expect(plan(flow).map(({ plan: { id } }) => id)).toEqual(parts.map(({ plan: { id } }) => id))
    expect(new Set(parts.map(({ plan: { id } }) => id)).size).toBe(4)
  })

  it.for<[string, Flow, string | number]>([
    ['of 5 levels', chain(5), 5],
    ['of 6 levels', chain(6), 'input.children.0.children.0.children.0.children.0.children.0'],
    ['of 100 jobs', job('a', Array(99).fill(job('b'))), 100],
    ['of 101 jobs', job('a', Array(100).fill(job('b'))), 'input.children.99'],
    ['with data that does not fit', job('a', [{ ...job('b'), data: {} }]), 'input.children.0.data.key'],
    ['with a job without a record', job('a', [{ ...job('b'), type: 'count-ephemeral' }]), 'input.children.0.type'],
  ])('%s: %s', ([, flow, expected]) => {
    expect(pathOf(flow)).toBe(expected)
  })
})

describe('a job that waits', () => {
  const child = (state: Partial<ChildState>): ChildState => ({
    ...{ id: 'c', hasEnded: true, hasFailed: false, onFailure: 'FAIL_PARENT' },
    ...state,
  })

  it.for<[string, readonly ChildState[], string]>([
    ['runs once all children have ended', [child({}), child({})], 'run'],
    ['waits for the last one', [child({}), child({ hasEnded: false })], 'wait'],
    ['fails with the first one that takes it along', [child({ hasEnded: false }), child({ hasFailed: true })], 'fail'],
    ['runs after one that failed and is to be ignored', [child({ hasFailed: true, onFailure: 'IGNORE' })], 'run'],
    ['runs where its children were deleted', [], 'run'],
  ])('%s', ([, children, kind]) => {
    expect(settle(children).kind).toBe(kind)
  })
})
