import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../resilience/backoff.ts'
import { eventOf } from '../../testing/events.ts'
import { type DomainEvent, STREAMS } from '../envelope.ts'
import { createWaiting, entityOf, type FailedAttempt, RETRY_WAIT, type WaitingEvent } from './set-aside.ts'

const stream = STREAMS.issues
const START_MS = Date.parse('2030-01-01T00:00:00Z')

function waitingEvent(entity: string, sequence: number): WaitingEvent {
  const event = eventOf(entity, sequence)
  return { id: event.id, stream, sequence, event, attempts: 1 }
}

/** Events that wait, a clock, and a program that can apply what `canApply` says. */
function openWaiting(
  events: readonly WaitingEvent[],
  canApply: (event: DomainEvent) => boolean,
  { isTransient = false, attemptMs = 0, isTriedElsewhere = false } = {},
) {
  const due = new Map<string, Date>()
  const stored = new Map(events.map((waiting) => [waiting.id, waiting]))
  const failures: FailedAttempt[] = []
  const attempted: string[] = []
  const followed: string[] = []
  const state = { nowMs: START_MS }
  const waiting = createWaiting({
    findWaiting: async () =>
      [...stored.values()].map(({ id, event }) => ({
        ...{ id, entity: entityOf(event), nextAttemptAt: due.get(id) ?? new Date(START_MS) },
      })),
    readWaiting: async (id) => stored.get(id) ?? null,
    async applyWaiting({ id, event }) {
      attempted.push(id)
      state.nowMs += attemptMs
      if (!canApply(event)) throw new Error('never')
      return stored.delete(id) && !isTriedElsewhere
    },
    async noteFailure({ id }, { attempts, nextAttemptAt, ...failed }) {
      failures.push({ attempts, nextAttemptAt, ...failed })
      if (nextAttemptAt === null) stored.delete(id)
      else {
        stored.set(id, { ...stored.get(id)!, attempts })
        due.set(id, nextAttemptAt)
      }
      return true
    },
    trace: (traced, run) => run(traced),
    afterCommit: async (committed) => void followed.push(...committed.map(({ id }) => id)),
    onAttempt: ({ id }) => void followed.push(id),
    isTransient: () => isTransient,
    nowMs: () => state.nowMs,
    monotonicMs: () => state.nowMs,
    random: () => 0,
  })
  const add = (one: WaitingEvent) => stored.set(one.id, one)
  return { waiting, failures, attempted, followed, state, add, idsLeft: () => [...stored.keys()] }
}

describe('an event that was set aside', () => {
  it('is tried with growing pauses, and is a dead letter after its tenth attempt', async () => {
    const { waiting, failures, state } = openWaiting([waitingEvent('bad', 1)], () => false)
    await waiting.load()

    for (let second = 0; second < 1_000; second++) {
      await waiting.retry()
      state.nowMs += 1_000
    }

    expect(failures.map(({ attempts }) => attempts)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
    const secondsAfterStart = failures.map(
      ({ nextAttemptAt }) => nextAttemptAt && (nextAttemptAt.getTime() - START_MS) / 1_000,
    )
    expect(secondsAfterStart).toEqual([2, 6, 14, 30, 62, 126, 254, 510, null])
  })

  it('holds back later events of its entity, and no others', async () => {
    const events = [waitingEvent('bad', 1), waitingEvent('bad', 2), waitingEvent('good', 3)]
    const { waiting, attempted, idsLeft } = openWaiting(events, ({ id }) => id !== 'bad-1')
    await waiting.load()

    await waiting.retry()

    expect(attempted).toEqual(['bad-1', 'good-3'])
    expect(idsLeft()).toEqual(['bad-1', 'bad-2'])
    expect([waiting.blocks('Thing bad'), waiting.blocks('Thing good')]).toEqual([true, false])
  })

  it('that is a dead letter lets the next event of its entity be tried', async () => {
    const first = { ...waitingEvent('bad', 1), attempts: 9 }
    const { waiting, idsLeft, state } = openWaiting([first, waitingEvent('bad', 2)], ({ id }) => id === 'bad-2')
    await waiting.load()

    await waiting.retry()
    state.nowMs += 1_000
    await waiting.retry()

    expect(idsLeft()).toEqual([])
    expect(waiting.blocks('Thing bad')).toBe(false)
  })

  it('uses up no attempt where the error may pass, and holds up no others', async () => {
    const events = [waitingEvent('bad', 1), waitingEvent('good', 2)]
    const { waiting, failures, attempted } = openWaiting(events, ({ id }) => id !== 'bad-1', { isTransient: true })
    await waiting.load()

    await waiting.retry()

    expect(attempted).toEqual(['bad-1', 'good-2'])
    expect(failures).toMatchObject([{ attempts: 1, nextAttemptAt: new Date(START_MS + 1_000) }])
  })

  it('is one of many that are tried for half a second, then the next ones after new events', async () => {
    const events = Array.from({ length: 7 }, (_, index) => waitingEvent(`t${index}`, index))
    const { waiting, attempted, state } = openWaiting(events, () => true, { attemptMs: 200 })
    await waiting.load()

    await waiting.retry()
    expect(attempted).toHaveLength(3)
    state.nowMs += 1_000
    await waiting.retry()

    expect(attempted).toEqual(events.slice(0, 6).map(({ id }) => id))
  })

  it('that an operator has replayed is found although none was known to wait', async () => {
    const events: WaitingEvent[] = []
    const { waiting, attempted, state, add } = openWaiting(events, () => true)
    await waiting.load()
    await waiting.retry()

    add(waitingEvent('t', 1))
    state.nowMs += 5_000
    await waiting.retry()

    expect(attempted).toEqual(['t-1'])
  })

  it('waits up to a quarter less than its backoff, so that attempts of many do not fall together', () => {
    const wait = (attempts: number, random: number) => backoffMs(attempts, RETRY_WAIT, random)

    expect([wait(1, 0), wait(1, 1), wait(4, 0), wait(4, 1)]).toEqual([1_000, 750, 8_000, 6_000])
  })

  it('has no further effects here where another process has applied it meanwhile', async () => {
    const { waiting, attempted, followed } = openWaiting([waitingEvent('t', 1)], () => true, { isTriedElsewhere: true })
    await waiting.load()

    await waiting.retry()

    expect([attempted, followed]).toEqual([['t-1'], []])
  })
})
