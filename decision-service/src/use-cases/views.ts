import type { StoredDecision } from '../domain/stored-decision.ts'

export type JobCounts = Readonly<{
  waiting: number
  active: number
  delayed: number
  completed: number
  failed: number
}>
export type QueueView = Readonly<{
  name: string
  tier: 'CRITICAL' | 'IMPORTANT' | 'EPHEMERAL'
  paused: boolean
  counts: JobCounts
  oldestWaitingSeconds: number | null
}>

/** What callers read. Finders answer in the order of the ids. */
export type Views = Readonly<{
  findDecisions(ids: readonly string[]): Promise<readonly (StoredDecision | null)[]>
  /** The decisions of each issue, oldest first; at most 100 an issue. */
  decisionsOf(issueIds: readonly string[]): Promise<readonly (readonly StoredDecision[])[]>
}>

export type QueueViews = Readonly<{
  all(): Promise<readonly QueueView[]>
  find(name: string): Promise<QueueView | null>
}>
