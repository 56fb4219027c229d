import { ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import type { Policy } from './parse-policy.ts'
import type { Skill } from './skill.ts'
import { problemOf, type SkillProblem } from './skill-problem.ts'

/** A complete set of policies: exactly one skill for each type of issue, and at most one arbiter. */
export type PolicySet = Readonly<{ skills: ReadonlyMap<IssueType, Skill>; policies: readonly Policy[] }>
export type Combined = Readonly<{ set: PolicySet | null; problems: readonly SkillProblem[] }>

/**
 * Combines policies into a set; null unless every type is served exactly once.
 * @param gapsMatter whether to report types without a skill. False if a skill is broken, since its type is unknown.
 */
export function combinePolicies(policies: readonly Policy[], { gapsMatter }: { gapsMatter: boolean }): Combined {
  const skills = policies.flatMap(({ skill }) => skill ?? [])
  const twice = skills.filter(({ serves }, index) => skills.findIndex((one) => one.serves === serves) < index)
  const unserved = ISSUE_TYPES.filter((issueType) => !skills.some(({ serves }) => serves === issueType))
  const arbiters = policies.flatMap(({ arbiter }) => arbiter ?? [])

  const clashes = [
    ...twice.map(({ name, serves }) => problemOf(`${name}/SKILL.md`, `serves ${serves}, as another skill does`)),
    ...arbiters.slice(1).map(({ name }) => problemOf(`${name}/SKILL.md`, 'is an arbiter, as another skill is')),
  ]
  const gaps = gapsMatter ? unserved.map((issueType) => problemOf('.', `has no skill that serves ${issueType}`)) : []
  const set =
    clashes.length + unserved.length > 0
      ? null
      : { policies, skills: new Map(skills.map((skill) => [skill.serves, skill])) }
  return { set, problems: [...clashes, ...gaps] }
}

/** Replaces missing and duplicate policies by the last good ones of the same purpose. */
export function fillGaps(policies: readonly Policy[], lastGood: readonly Policy[]): readonly Policy[] {
  const kept = policies.filter((policy) => policies.filter((one) => purposeOf(one) === purposeOf(policy)).length === 1)
  const served = new Set(kept.map(purposeOf))
  const filled = lastGood.filter((policy) => {
    const isFirst = !served.has(purposeOf(policy))
    served.add(purposeOf(policy))
    return isFirst
  })
  return [...kept, ...filled]
}

const purposeOf = ({ text }: Policy): string => text.serves ?? 'arbiter'
