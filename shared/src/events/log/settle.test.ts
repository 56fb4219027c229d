import { describe, expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { STREAMS } from '../envelope.ts'
import { PositionMovedError } from './group-store.ts'
import { createHold, createSettle } from './settle.ts'
import type { Delivery } from './stream-reader.ts'

class BusyError extends Error {}

const deliveryOf = (sequence: number): Delivery => {
  const event = eventOf('t', sequence)
  return { stream: STREAMS.issues, epoch: 'e', sequence, text: JSON.stringify(event), event }
}

/** A database in which a commit fails that contains the event `bad`. */
function openSettle({ bad, error, canSetAside = true }: { bad: number; error: Error; canSetAside?: boolean }) {
  const state = { nowMs: 0 }
  const applied: number[] = []
  const setAside: number[] = []
  const settle = createSettle({
    async commit(deliveries) {
      if (deliveries.some(({ sequence }) => sequence === bad)) throw error
      applied.push(...deliveries.map(({ sequence }) => sequence))
    },
    async setAside({ sequence }) {
      if (!canSetAside) throw error
      setAside.push(sequence)
    },
    isTransient: (thrown) => thrown instanceof BusyError,
    hold: createHold(() => state.nowMs),
  })
  return { settle, applied, setAside, state }
}

const batch = [1, 2, 3, 4, 5].map(deliveryOf)

describe('a batch of events', () => {
  it('is held by an error that may pass', async () => {
    const { settle, applied, setAside, state } = openSettle({ bad: 4, error: new BusyError() })

    await expect(settle(batch)).rejects.toThrow(BusyError)
    state.nowMs = 59_000
    await expect(settle(batch)).rejects.toThrow(BusyError)

    expect([...applied, ...setAside]).toEqual([])
  })

  it('is settled without the event for which such an error does not pass', async () => {
    const { settle, applied, setAside, state } = openSettle({ bad: 4, error: new BusyError() })
    await expect(settle(batch)).rejects.toThrow(BusyError)

    state.nowMs = 60_000
    await settle(batch)

    expect(applied).toEqual([1, 2, 3, 5])
    expect(setAside).toEqual([4])
  })

  it('is held for as long as nothing can be set aside: the fault is that of the database', async () => {
    const { settle, setAside, state } = openSettle({ bad: 1, error: new BusyError(), canSetAside: false })
    await expect(settle(batch)).rejects.toThrow(BusyError)

    state.nowMs = 600_000
    await expect(settle(batch)).rejects.toThrow(BusyError)

    expect(setAside).toEqual([])
  })

  it('is given up where another process has moved the position', async () => {
    const { settle, setAside } = openSettle({ bad: 1, error: new PositionMovedError() })

    await expect(settle(batch)).rejects.toThrow(PositionMovedError)

    expect(setAside).toEqual([])
  })
})
