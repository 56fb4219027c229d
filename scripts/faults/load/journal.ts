import type { Poison, PoisonedService } from '../schedule/fault.ts'

/** An event that cannot be read, which was stored at least once, and at most `tries` times. */
export type Poisoned = Readonly<{ id: string; kind: Poison; service: PoisonedService; tries: number }>

/** The acknowledgements to the clients of one run, and what faults have done to issues; `signal` ends the clients. */
export type Journal = Readonly<{
  /** Ids of issues, by idempotency key. */
  acknowledged: Map<string, string>
  /** Why a key was given up. */
  lastRefusals: Map<string, string>
  reviewed: Set<string>
  /** Issues whose job a fault has let fail. */
  failed: Set<string>
  /** Issues whose retry was acknowledged. */
  retried: Set<string>
  publishedPolicies: string[]
  poisons: Poisoned[]
  signal: AbortSignal
}>

export function createJournal(signal: AbortSignal): Journal {
  return {
    acknowledged: new Map(),
    lastRefusals: new Map(),
    reviewed: new Set(),
    failed: new Set(),
    retried: new Set(),
    publishedPolicies: [],
    poisons: [],
    signal,
  }
}

/** The journal as it is now: it grows while the system is read. */
export function copyJournal(journal: Journal): Journal {
  const { acknowledged, lastRefusals, reviewed, failed, retried, publishedPolicies, poisons, signal } = journal
  return {
    acknowledged: new Map(acknowledged),
    lastRefusals: new Map(lastRefusals),
    reviewed: new Set(reviewed),
    failed: new Set(failed),
    retried: new Set(retried),
    publishedPolicies: [...publishedPolicies],
    poisons: [...poisons],
    signal,
  }
}
