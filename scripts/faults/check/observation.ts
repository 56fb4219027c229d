import type { Journal } from '../load/journal.ts'

/** The state of the system as seen from outside, as data: the input of the checks. */
export type Observation = Readonly<{
  /** The id that `createIssue` acknowledged, by idempotency key. */
  acknowledged: ReadonlyMap<string, string>
  /** Keys that are not acknowledged. */
  refused: readonly Refusal[]
  /** Ids of the issues whose review was acknowledged. */
  reviewed: ReadonlySet<string>
  /** Ids of the issues whose job a fault has let fail, and of those whose retry was acknowledged. */
  failed: ReadonlySet<string>
  retried: ReadonlySet<string>
  /** Digests of the policy versions whose publication was acknowledged. */
  publishedPolicies: readonly string[]
  /** The events that cannot be read. */
  poisons: Readonly<Journal['poisons']>
  issues: readonly SeenIssue[]
  /** How many issues were stored before and after the run. */
  stored: Readonly<{ before: number; after: number }>
  chain: Readonly<{ valid: boolean; reason: string | null }>
  analytics: Readonly<{ before: Counted; after: Counted }>
  /** Entries of the audit log, by action; one for each entry, with its entity. */
  recorded: Readonly<Record<RecordedAction, readonly Recorded[]>>
  /** The number of audit entries of each poison, by its id. */
  poisonEntries: Readonly<Record<string, number>>
  /** Events that a group could not apply, since the run began. */
  deadLetters: readonly DeadLetter[]
  /** Whether an operator has had all dead letters replayed. */
  isReplayed: boolean
  /** Digests of the deployments in force and before. */
  deployedPolicies: readonly string[]
  followers: readonly Followed[]
}>

/** The actions whose entries are compared with what was done. */
export const RECORDED_ACTIONS = ['decision.made', 'decision.reviewed', 'policy.published'] as const
export type RecordedAction = (typeof RECORDED_ACTIONS)[number]

/** `digest` is that of the policy version, where the entry is about a policy. */
export type Recorded = Readonly<{ entityId: string; digest: string | null }>

/** `entityId` is null where the text is no event; `isDead` where nothing tries it again. */
export type DeadLetter = Readonly<{ id: string; group: string; entityId: string | null; isDead: boolean }>

export type Refusal = Readonly<{ key: string; reason: string }>

export type Counted = Readonly<{ decisions: number; reviewed: number }>

export type SeenIssue = Readonly<{
  id: string
  status: string
  version: number
  failure: string | null
  resolution: Readonly<{ by: string }> | null
  statusHistory: readonly Readonly<{ from: string | null; to: string; at: string }>[]
  decisions: readonly Readonly<{ id: string; engine: string; review: unknown }>[]
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

/** `what` is the new status, or the id of the decision. */
export type Heard = Readonly<{ issueId: string; what: string; cursor: string }>
