import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCursors } from '../src/protocol/cursors.ts'

const notFound = expect.objectContaining({ code: 43 })

describe('cursors', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('are closed after ten minutes without use, whatever the clock is set to', () => {
    vi.useFakeTimers()
    const cursors = createCursors()
    const open = () => cursors.open('db.c', new Array(5).fill(Buffer.alloc(10)), 1, false).id
    const [first, second] = [open(), open()]

    vi.setSystemTime(Date.now() + 3_600_000)
    vi.advanceTimersByTime(9 * 60_000)
    cursors.next(first, 1)
    vi.advanceTimersByTime(3 * 60_000)

    expect(cursors.next(first, 1).bodies).toHaveLength(1)
    expect(() => cursors.next(second, 1)).toThrow(notFound)
    cursors.close()
  })

  it('that hold too much are closed, those first that were used the longest ago', () => {
    const cursors = createCursors(100)
    const open = () => cursors.open('db.c', new Array(5).fill(Buffer.alloc(10)), 1, false).id
    const [first, second] = [open(), open()]
    cursors.next(first, 1)

    const third = open()

    expect(() => cursors.next(second, 1)).toThrow(notFound)
    expect(cursors.next(first, 1).bodies).toHaveLength(1)
    expect(cursors.next(third, 1).bodies).toHaveLength(1)
    cursors.close()
  })

  it('free what they held when they are exhausted or killed', () => {
    const cursors = createCursors(100)
    const open = () => cursors.open('db.c', new Array(10).fill(Buffer.alloc(10)), 1, false).id
    const kept = open()
    cursors.kill(kept)
    const exhausted = open()
    cursors.next(exhausted, null)

    const last = open()

    expect(cursors.next(last, null).bodies).toHaveLength(9)
    cursors.close()
  })
})
