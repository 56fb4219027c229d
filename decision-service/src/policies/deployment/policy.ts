import type { IssueType } from '@redress/shared/contracts.ts'
import type { PolicyVersion } from '../../domain/decision.ts'

export type PolicyFile = Readonly<{ path: string; content: string }>

/** One version of a policy in full: from this alone a decision can be made again. */
export type PolicyText = PolicyVersion &
  Readonly<{
    /** Null for a skill that helps others to decide. */
    serves: IssueType | null
    description: string
    /** Minor units; null where nothing is decided by it alone. */
    maxAmount: number | null
    /** Its own `effective-from`. */
    notBefore: Date
    files: readonly PolicyFile[]
  }>

/** A stored version; immutable. */
export type RecordedPolicy = PolicyText &
  Readonly<{
    /** The person who proposed it; null if it came from the folder of skills. */
    author: string | null
    createdAt: Date
  }>

/** The acts on a policy have one order: `acts` is their number, `lastAt` the time of the latest. */
export type PolicyHead = Readonly<{ skill: string; acts: number; lastAt: Date }>
