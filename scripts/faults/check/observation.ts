/** The state of the system as seen from outside, as data: the input of the checks. */
export type Observation = Readonly<{
  /** The id that `createIssue` acknowledged, by idempotency key. */
  acknowledged: ReadonlyMap<string, string>
  /** Keys that are not acknowledged. */
  refused: readonly Refusal[]
  /** Ids of the issues whose review was acknowledged. */
  reviewed: ReadonlySet<string>
  /** Digests of the policy versions whose publication was acknowledged. */
  publishedPolicies: readonly string[]
  issues: readonly SeenIssue[]
  /** How many issues were stored before and after the run. */
  stored: Readonly<{ before: number; after: number }>
  chain: Readonly<{ valid: boolean; reason: string | null }>
  analytics: Readonly<{ before: Counted; after: Counted }>
  /** Entries of the audit log about decisions, as decision ids. */
  recordedDecisions: readonly string[]
  /** Digests of the deployments in force and before. */
  deployedPolicies: readonly string[]
  followers: readonly Followed[]
}>

export type Refusal = Readonly<{ key: string; reason: string }>

export type Counted = Readonly<{ decisions: number; reviewed: number }>

export type SeenIssue = Readonly<{
  id: string
  status: string
  version: number
  failure: string | null
  resolution: Readonly<{ by: string }> | null
  statusHistory: readonly Readonly<{ from: string | null; to: string; at: string }>[]
  decisions: readonly Readonly<{ id: string; action: string; review: unknown }>[]
  /** Oldest first. */
  auditTrail: readonly Readonly<{ id: string; action: string; sequence: number }>[]
}>

/** One subscriber: what it received, and the errors that a subscriber should not get. */
export type Followed = Readonly<{
  name: string
  field: 'issueStatusChanged' | 'decisionMade'
  heard: readonly Heard[]
  problems: readonly string[]
}>

/** `what` is the new status, or the action of the decision. */
export type Heard = Readonly<{ issueId: string; what: string; cursor: string }>
