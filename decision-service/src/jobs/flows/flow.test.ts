import { BadUserInputError } from '@redress/shared/errors.ts'
import { describe, expect, it } from 'vitest'
import { COUNTING } from '../../../test/job-bed.ts'
import { planJob } from '../orders/order.ts'
import { type ChildState, type Flow, type FlowOrder, planFlow, settle } from './flow.ts'

const orderer = { actor: 'ada', caller: null }
const plan = (flow: Flow) =>
  planFlow(flow, (order, path) => planJob(order, { registry: COUNTING, orderer, now: new Date(0), path }))
const job = (key: string, parent: number | null = null): FlowOrder => ({
  type: 'count-critical',
  data: { key },
  parent,
})
/** A chain of so many levels. */
const chain = (levels: number): Flow =>
  Array.from({ length: levels }, (_, index) => job('l', index === 0 ? null : index - 1))
const children = (count: number): Flow => [job('a'), ...Array<FlowOrder>(count).fill(job('b', 0))]
const pathsOf = (flow: Flow) => {
  try {
    return plan(flow).length
  } catch (error) {
    if (!(error instanceof BadUserInputError)) throw error
    return error.facts.problems.map(({ path }) => path.join('.')).join(' ')
  }
}

describe('a flow', () => {
  it('gives each job its parent, and ids that follow from the first one', () => {
    const flow = [{ ...job('a'), idempotencyKey: 'k1' }, job('b', 0), job('c', 1), job('d', 0)]

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
    ['of 6 levels', chain(6), 'jobs.5.parent'],
    ['of 100 jobs', children(99), 100],
    ['of 101 jobs', children(100), 'jobs'],
    ['without a job', [], 'jobs'],
    ['whose first job has a parent', [job('a', 0)], 'jobs.0.parent'],
    ['with a second first job', [job('a'), job('b')], 'jobs.1.parent'],
    ['with a job that waits for itself', [job('a'), job('b', 1)], 'jobs.1.parent'],
    [
      'with a parent that two checks refuse',
      [job('a'), { ...job('b', 99), problems: [{ path: ['parent'], message: 'must be at most 98' }] }],
      'jobs.1.parent',
    ],
    ['with a job without a record', [job('a'), { ...job('b', 0), type: 'count-ephemeral' }], 'jobs.1.type'],
    [
      'with wrong data, priority and parent',
      [job('a'), { ...job('b', 0), data: {}, priority: 11 }, job('c', 5)],
      'jobs.2.parent jobs.1.priority jobs.1.data.key',
    ],
  ])('%s: %s', ([, flow, expected]) => {
    expect(pathsOf(flow)).toBe(expected)
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
