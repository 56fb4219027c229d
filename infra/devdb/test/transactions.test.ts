import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Storage } from '../src/storage/storage.ts'
import { createTransactions } from '../src/storage/transactions.ts'

/** As much of a storage as transactions need. */
const storage = { openSnapshot: () => ({ release: () => undefined }), onUndone: () => undefined } as unknown as Storage
const gone = expect.objectContaining({ code: 251, labels: ['TransientTransactionError'] })

describe('a transaction', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('of a paused client is aborted 10 s after it began, and frees its locks', async () => {
    const transactions = createTransactions(storage)
    const paused = transactions.begin('s', 1)
    transactions.lock(paused, 'd1:a')
    vi.advanceTimersByTime(9_999)
    transactions.get('s', 1)
    const before = transactions.holderOf('d1:a')

    vi.advanceTimersByTime(1)
    await paused.over

    expect(before).toBe(paused)
    expect(transactions.holderOf('d1:a')).toBeNull()
    expect(() => transactions.get('s', 1)).toThrow(gone)
  })

  it('that is aborted while its command runs takes no more locks', () => {
    const transactions = createTransactions(storage)
    const paused = transactions.begin('s', 1)

    vi.advanceTimersByTime(10_000)

    expect(() => transactions.lock(paused, 'd1:a')).toThrow(gone)
    expect(transactions.holderOf('d1:a')).toBeNull()
  })

  it('does not end the next one of its session', async () => {
    const transactions = createTransactions(storage)
    const first = transactions.begin('s', 1)
    transactions.end('s')
    await first.over
    vi.advanceTimersByTime(5_000)
    const second = transactions.begin('s', 2)

    vi.advanceTimersByTime(5_000)

    expect(transactions.get('s', 2)).toBe(second)
  })
})
