import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHeartbeat } from './heartbeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a heartbeat', () => {
  it('comes to every member once in its time, and to a few at a time', () => {
    const beaten: number[] = []
    const heartbeat = createHeartbeat<number>(5_000, (member) => beaten.push(member))
    for (let member = 0; member < 10; member++) heartbeat.add(member)

    vi.advanceTimersByTime(1_000)
    expect(beaten).toHaveLength(2)
    vi.advanceTimersByTime(4_000)
    expect(beaten.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('does not reach a member that was removed, and stops with the last one', () => {
    const beaten: number[] = []
    const heartbeat = createHeartbeat<number>(1_000, (member) => beaten.push(member))
    heartbeat.add(1)
    heartbeat.remove(1)

    vi.advanceTimersByTime(5_000)

    expect(beaten).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
