import type { IssueType } from '@redress/shared/contracts.ts'
import type { DecisionTable } from '../table/decision-table.ts'

/** One policy: text for people and models, a table for the rules, and the digest of both. */
export type Skill = Readonly<{
  name: string
  description: string
  version: string
  serves: IssueType
  /** A calendar date in UTC: a version does not come into force before it, unless there is no other. */
  effectiveFrom: string
  /** Minor units. Above it a person decides, for every engine. */
  maxAmount: number
  /** sha256 over the folder's files, in hex. */
  digest: string
  /** The body of SKILL.md, without the frontmatter. */
  text: string
  table: DecisionTable
  /** All files in full, by their paths within the folder. */
  files: ReadonlyMap<string, string>
}>

/** The policies in force. Read them for each decision: they change when a policy is edited. */
export type Skills = {
  forType(issueType: IssueType): Skill
  all(): readonly Skill[]
}
