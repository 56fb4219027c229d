import type { DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import type { Skill } from '../files/skill.ts'

/** Who decides a case, and who decides beside it without acting. */
export type PolicyChoice = Readonly<{ skill: Skill; shadow: Skill | null }>

/** The policies in force. Read them for each decision: they change when a policy is edited or published. */
export type Policies = {
  choose(decisionCase: DecisionCase): PolicyChoice
  inForce(issueType: IssueType): Skill
  /** Any version that ever was, by its digest. */
  find(digest: string): Promise<Skill | null>
}
