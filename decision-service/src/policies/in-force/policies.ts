import type { DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import type { Skill } from '../files/skill.ts'

/** Who decides a case, and who decides beside it without acting. */
export type PolicyChoice = Readonly<{ skill: Skill; shadow: Skill | null }>

/** The policies in force. Ask for each decision anew: the answer changes when somebody edits or publishes one. */
export type Policies = {
  choose(decisionCase: DecisionCase): PolicyChoice
  inForce(issueType: IssueType): Skill
  /** Any version that ever was, by its digest. */
  find(digest: string): Promise<Skill | null>
}
