/** The acknowledgements to the clients of one run; `signal` ends the clients. */
export type Journal = Readonly<{
  /** Ids of issues, by idempotency key. */
  acknowledged: Map<string, string>
  /** Why a key was given up. */
  lastRefusals: Map<string, string>
  reviewed: Set<string>
  publishedPolicies: string[]
  signal: AbortSignal
}>

export function createJournal(signal: AbortSignal): Journal {
  const acknowledged = new Map<string, string>()
  return { acknowledged, lastRefusals: new Map(), reviewed: new Set(), publishedPolicies: [], signal }
}

/** The journal as it is now: it grows while the system is read. */
export function copyJournal(journal: Journal): Journal {
  const { acknowledged, lastRefusals, reviewed, publishedPolicies } = journal
  return {
    ...journal,
    acknowledged: new Map(acknowledged),
    lastRefusals: new Map(lastRefusals),
    reviewed: new Set(reviewed),
    publishedPolicies: [...publishedPolicies],
  }
}
