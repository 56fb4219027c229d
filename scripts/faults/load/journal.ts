import type { Refusal } from '../check/observation.ts'

/** What the clients of one run were acknowledged; `signal` ends them. */
export type Journal = Readonly<{
  acknowledged: Map<string, string>
  refused: Refusal[]
  reviewed: Set<string>
  poisoned: Set<string>
  publishedPolicies: string[]
  signal: AbortSignal
}>

export function createJournal(signal: AbortSignal): Journal {
  return {
    acknowledged: new Map(),
    refused: [],
    reviewed: new Set(),
    poisoned: new Set(),
    publishedPolicies: [],
    signal,
  }
}
