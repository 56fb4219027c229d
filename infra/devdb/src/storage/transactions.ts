import { CommandError, writeConflict } from '../errors.ts'
import type { Difference } from './change.ts'
import type { Snapshot } from './snapshots.ts'
import type { Storage } from './storage.ts'

/** As `transactionLifetimeLimitSeconds` in docker-compose.yml: a paused client blocks others for no longer. */
const LIFE_MS = 10_000

/** A document as the transaction leaves it, as it was before the transaction, and the difference in the indexes. */
export type Written = Readonly<{
  id: Buffer
  body: Uint8Array | null
  original: Uint8Array | null
  difference: Difference
}>

/** The view and the writes of one transaction. Others see its writes only after its commit. */
export type Transaction = Readonly<{
  session: string
  number: number
  snapshot: Snapshot
  overlay: Map<number, Map<string, Written>>
  locks: Set<string>
  /** The unique keys that it took, with the document's id, or gave up (null). */
  keys: Map<string, string | null>
  /** The namespaces of collections that it created. */
  created: string[]
  /** Resolves when the transaction is over, either way. */
  over: Promise<void>
  isOver: () => boolean
  end: () => void
  touch: () => void
  usedAt: () => number
}>

export type Transactions = Readonly<{
  begin(session: string, number: number): Transaction
  /** @throws CommandError NoSuchTransaction */
  get(session: string, number: number): Transaction
  /** Ends a transaction that was committed. */
  complete(session: string): void
  /** Ends a transaction, and discards its writes. */
  end(session: string): void
  /** Ends a transaction that was not used after `since`, in milliseconds of performance.now(). */
  endIfUnused(session: string, since: number): void
  /**
   * Takes a lock for a transaction. @throws CommandError WriteConflict when another holds it, NoSuchTransaction when it
   * was aborted while its command ran.
   */
  lock(transaction: Transaction, name: string): void
  /** The transaction that holds a lock, if any. */
  holderOf(name: string): Transaction | null
  /** The transactions that have written into a collection. It must not be dropped before they are over. */
  writersOf(collection: number): readonly Transaction[]
  close(): void
}>

type TransactionOptions = Readonly<{ lifeMs?: number | undefined; onAborted?: (transaction: Transaction) => void }>

/** The running transactions and their locks. Each is aborted `lifeMs` after it began, used or not. */
export function createTransactions(storage: Storage, options: TransactionOptions = {}): Transactions {
  const { lifeMs = LIFE_MS, onAborted } = options
  const locks = createLocks()
  const bySession = new Map<string, Transaction>()
  const complete = (session: string) => {
    const transaction = bySession.get(session)
    bySession.delete(session)
    if (transaction) release(transaction, locks)
    return transaction
  }
  const end = (session: string) => {
    const transaction = complete(session)
    if (transaction) onAborted?.(transaction)
  }
  const endAll = (how: (session: string) => void) => {
    for (const session of [...bySession.keys()]) how(session)
  }
  // They may have read what is undone. The collections that they created are undone too, or remain empty.
  storage.onUndone(() => endAll(complete))
  const usedAt = (session: string) => bySession.get(session)?.usedAt() ?? Number.POSITIVE_INFINITY

  return {
    begin(session, number) {
      end(session)
      const transaction = createTransaction(session, number, storage.openSnapshot())
      bySession.set(session, transaction)
      const timer = setTimeout(end, lifeMs, session).unref()
      void transaction.over.then(() => clearTimeout(timer))
      return transaction
    },
    get: (session, number) => touched(bySession.get(session), number),
    complete,
    end,
    endIfUnused: (session, since) => usedAt(session) <= since && void end(session),
    lock: locks.take,
    holderOf: locks.holderOf,
    writersOf: (collection) => [...bySession.values()].filter(({ overlay }) => overlay.has(collection)),
    close: () => endAll(end),
  }
}

function release(transaction: Transaction, locks: Locks): void {
  locks.release(transaction)
  transaction.snapshot.release()
  transaction.end()
}

function touched(transaction: Transaction | undefined, number: number): Transaction {
  if (!transaction || transaction.number !== number) throw noSuchTransaction(number)
  transaction.touch()
  return transaction
}

type Locks = Readonly<{
  take: Transactions['lock']
  holderOf: Transactions['holderOf']
  release(transaction: Transaction): void
}>

function createLocks(): Locks {
  const holders = new Map<string, Transaction>()
  return {
    take(transaction, name) {
      if (transaction.isOver()) throw noSuchTransaction(transaction.number)
      const holder = holders.get(name)
      if (holder && holder !== transaction) throw writeConflict()
      holders.set(name, transaction)
      transaction.locks.add(name)
    },
    holderOf: (name) => holders.get(name) ?? null,
    release({ locks }) {
      for (const name of locks) holders.delete(name)
    },
  }
}

function createTransaction(session: string, number: number, snapshot: Snapshot): Transaction {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  let isOver = false
  let usedAt = performance.now()
  return {
    session,
    number,
    snapshot,
    overlay: new Map(),
    locks: new Set(),
    keys: new Map(),
    created: [],
    over,
    isOver: () => isOver,
    end: () => {
      isOver = true
      resolve()
    },
    touch: () => {
      usedAt = performance.now()
    },
    usedAt: () => usedAt,
  }
}

export function noSuchTransaction(number: number): CommandError {
  return new CommandError(251, `Given transaction number ${number} does not match any in-progress transactions.`, {
    labels: ['TransientTransactionError'],
  })
}
