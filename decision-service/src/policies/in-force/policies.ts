import type { DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import type { Skill } from '../files/skill.ts'

/** The policy that decides a case, and a candidate that evaluates it without acting. */
export type PolicyChoice = Readonly<{ skill: Skill; shadow: Skill | null }>

/** The policies in force. Read them for each decision: they change when a policy is edited or published. */
export type Policies = {
  choose(decisionCase: DecisionCase): PolicyChoice
  inForce(issueType: IssueType): Skill
  /** Any version that ever was, by its digest. */
  find(digest: string): Promise<Skill | null>
}
