import type { PolicyVersion } from '../../domain/decision.ts'

/** A voter of an ensemble; `lens` is the text that instructs it how to read the policy. */
export type Voter = Readonly<{
  name: string
  /** 1 to 100, whole. */
  weight: number
  lens: string
}>

/** The skill that combines votes: who has one, and how to choose where they differ. */
export type Arbiter = Readonly<{
  name: string
  description: string
  version: string
  /** A calendar date; for people, nothing waits for it. */
  effectiveFrom: string
  /** sha256 over the folder's files, in hex. */
  digest: string
  /** The body of SKILL.md, without the frontmatter. */
  text: string
  voters: readonly Voter[]
  /** The weight of the vote of the policy's own rules; null where they have none. */
  rulesWeight: number | null
}>

export const RULES_VOTER = 'rules'

export function versionOf({ name, version, digest }: Arbiter): PolicyVersion {
  return { skill: name, version, digest }
}
