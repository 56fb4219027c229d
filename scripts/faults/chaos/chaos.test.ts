import { describe, expect, it } from 'vitest'
import { Random } from '../../random.ts'
import { findChaosViolations, type Seen, type SeenRecord } from './check.ts'
import { planFaults } from './faults-plan.ts'
import { checkTicks } from './leader-kills.ts'
import { createMeter } from './meter.ts'
import { type ChaosJob, FAILS_FOR_GOOD, makeOrders } from './orders.ts'

const charge = (failures = 0): ChaosJob => ({ type: 'chaos-charge', data: { order: 'o', failures, latencyMs: 1 } })
const done: SeenRecord = { id: 'job-1', order: 'o', status: 'COMPLETED', code: null }
const account = (...effects: readonly string[]) => ({ calls: 1, cut: 0, effects: new Set(effects) })

/** One order of one job, which went well. */
function seen(changes: Partial<Seen>): Seen {
  return {
    orders: [{ key: 'o', jobs: [charge()] }],
    ...{ acknowledged: new Map([['o', 'job-1']]), changed: [], records: [done], letters: [], alerts: [] },
    ...{ accounts: new Map([['o', account('job-1')]]), metered: {} },
    ...changes,
  }
}

const kindsOf = (changes: Partial<Seen>) => findChaosViolations(seen(changes)).map(({ kind }) => kind)

describe('the checks of a chaos run', () => {
  it('find nothing where every job has had its effect once', () => {
    expect(kindsOf({})).toEqual([])
  })

  it('find a job that is lost, doubled, not final, or failed', () => {
    expect(kindsOf({ records: [] })).toEqual(['lost job'])
    expect(kindsOf({ records: [done, { ...done, id: 'job-2' }] })).toEqual(['doubled job'])
    expect(kindsOf({ records: [{ ...done, status: 'PROCESSING' }] })).toEqual(['not final'])
    expect(kindsOf({ records: [{ ...done, status: 'FAILED', code: 'JOB_TIMED_OUT' }] })).toEqual(['failed'])
  })

  it('find an effect that is missing, or that two jobs of one order had', () => {
    expect(kindsOf({ accounts: new Map() })).toEqual(['lost effect'])
    expect(kindsOf({ accounts: new Map([['o', account('job-1', 'job-2')]]) })).toEqual(['doubled effect'])
  })

  it('expect a job that fails for good to fail, with a dead letter and without an effect', () => {
    const failing = { orders: [{ key: 'o', jobs: [charge(FAILS_FOR_GOOD)] }], accounts: new Map([['o', account()]]) }
    const records = [{ ...done, status: 'FAILED', code: 'INTERNAL_SERVER_ERROR' }]
    const letters = [{ id: 'job-1', order: 'o', code: 'INTERNAL_SERVER_ERROR', state: 'OPEN' }]

    expect(kindsOf({ ...failing, records, letters })).toEqual([])
    expect(kindsOf({ ...failing, records })).toEqual(['lost dead letter'])
    expect(kindsOf({ ...failing })).toEqual(['not failed'])
  })

  it('find an alert that is raised again before its end', () => {
    const raised = { cause: 'QUEUE_DEPTH of money', kind: 'raised' } as const
    const resolved = { ...raised, id: 'b', kind: 'resolved' } as const

    expect(kindsOf({ alerts: [{ ...raised, id: 'a' }, resolved, { ...raised, id: 'c' }] })).toEqual([])
    expect(
      kindsOf({
        alerts: [
          { ...raised, id: 'a' },
          { ...raised, id: 'c' },
        ],
      }),
    ).toEqual(['doubled alert'])
  })
})

it('the meter of a provider finds too many calls at once, and too many in a while', () => {
  const limits = { perSecond: 10, concurrent: 2, burst: 5, cooldownMs: 0 }
  const [atOnce, often, allowed] = [createMeter(limits), createMeter(limits), createMeter(limits)]
  for (let call = 0; call < 3; call++) atOnce.begin(1_000)
  for (let call = 0; call < 20; call++) often.begin(1_000 + call)()
  for (let call = 0; call < 50; call++) allowed.begin(1_000 + call * 100)()

  expect(atOnce.read()).toMatchObject({ concurrent: 3, isExceeded: true })
  expect(often.read()).toMatchObject({ concurrent: 1, isExceeded: true })
  expect(allowed.read()).toMatchObject({ calls: 50, isExceeded: false })
})

it('a tick of the fast clock that is missing or doubled is found', () => {
  const ticks = ['12:00', '12:01', '12:01', '12:03'].map((time) => new Date(`2030-01-01T${time}:00Z`))

  expect(checkTicks(ticks).map(({ kind }) => kind)).toEqual(['doubled tick', 'lost tick'])
})

it('a seed chooses the same jobs of every type, and the same faults', () => {
  const targets = ['worker-1', 'leader-1']
  const choose = (seed: number) => {
    const random = new Random(seed)
    const orders = makeOrders(random, 500)
    return { orders, faults: planFaults({ random, overMs: 60_000, killEveryMs: 2_000, targets }) }
  }
  const { orders, faults } = choose(1)

  expect(choose(1)).toEqual({ orders, faults })
  expect(new Set(orders.flatMap(({ jobs }) => jobs.map(({ type }) => type))).size).toBe(5)
  expect(faults.filter(({ kind }) => kind === 'kill')).toHaveLength(30)
  expect(faults.filter(({ kind }) => kind !== 'kill').map(({ kind }) => kind)).toEqual([
    ...['redis-restarted', 'redis-flushed', 'redis-restarted', 'redis-cut'],
  ])
})
