import type { DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import type { PolicyVersion } from '../../domain/decision.ts'
import { isInShare, type PolicyTrial } from '../deployment/policy-trial.ts'
import { SkillsRefusedError } from '../errors.ts'
import type { Arbiter } from '../files/arbiter.ts'
import type { Policy } from '../files/parse-policy.ts'
import { combinePolicies } from '../files/policy-set.ts'
import type { Skill } from '../files/skill.ts'
import type { ParsedPolicies } from './parsed-policies.ts'
import type { PolicyChoice } from './policies.ts'
import type { PolicyLog } from './policy-log.ts'

type Trial = Readonly<{ terms: PolicyTrial; candidate: Skill }>
type Assignment = Readonly<{ skill: Skill; trial: Trial | null }>
/** The policy that decides each type of issue, and the arbiter of ensembles. */
export type Assignments = Readonly<{ byType: ReadonlyMap<IssueType, Assignment>; arbiter: Arbiter | null }>

type Sources = Readonly<{ log: PolicyLog; parsed: ParsedPolicies; now: () => Date }>

/** Assigns the version in force of each policy that the folder names; null where they do not serve every type. */
export async function assignPolicies(policies: readonly Policy[], sources: Sources): Promise<Assignments | null> {
  const inForce = await Promise.all(policies.map(({ text }) => findInForce(text.skill, sources)))
  const { set } = combinePolicies(
    inForce.flatMap((policy) => policy ?? []),
    { gapsMatter: true },
  )
  if (set === null) return null
  const assigned = await Promise.all(
    [...set.skills].map(async ([serves, skill]): Promise<[IssueType, Assignment]> => {
      return [serves, { skill, trial: await findTrial(skill, sources) }]
    }),
  )
  return { byType: new Map(assigned), arbiter: set.policies.find(({ arbiter }) => arbiter !== null)?.arbiter ?? null }
}

/** The versions in force of all stored policies, latest deployment first; they replace a broken folder. */
export async function readLastGood(sources: Sources): Promise<readonly Policy[]> {
  const { log, now } = sources
  await log.refresh()
  const deployments = log.skills().flatMap((skill) => log.inForce(skill, now())?.deployment ?? [])
  const latestFirst = deployments.sort((a, b) => b.at.getTime() - a.at.getTime())
  const found = await Promise.all(latestFirst.map(({ skill }) => findInForce(skill, sources)))
  return found.flatMap((policy) => policy ?? [])
}

export function chooseFrom({ byType }: Assignments, { details, customer }: DecisionCase): PolicyChoice {
  const { skill, trial } = byType.get(details.type)! // Every type is served.
  if (trial === null) return { skill, shadow: null }
  const { terms, candidate } = trial
  if (terms.mode === 'SHADOW') return { skill, shadow: candidate }
  return { skill: isInShare(terms, customer.id) ? candidate : skill, shadow: null }
}

/** The versions that are assigned now and were not before. */
export function newVersions(now: Assignments, before: Assignments): readonly PolicyVersion[] {
  const known = new Set(versionsIn(before).map(({ digest }) => digest))
  return versionsIn(now).filter(({ digest }) => !known.has(digest))
}

function versionsIn({ byType, arbiter }: Assignments): readonly PolicyVersion[] {
  const assigned = [...[...byType.values()].map(({ skill }) => skill), ...(arbiter ? [arbiter] : [])]
  return assigned.map(({ name, version, digest }) => ({ skill: name, version, digest }))
}

async function findInForce(skill: string, { log, parsed, now }: Sources): Promise<Policy | null> {
  const found = log.inForce(skill, now())
  return found && parsed.find(found.deployment.digest)
}

/** The trial of a skill; null if its candidate is in force by now or cannot be read, so that deciding goes on. */
async function findTrial({ name, digest }: Skill, { log, parsed, now }: Sources): Promise<Trial | null> {
  const terms = log.inForce(name, now())?.trial ?? null
  if (terms === null || terms.digest === digest) return null
  try {
    const candidate = (await parsed.find(terms.digest))?.skill
    return candidate ? { terms, candidate } : null
  } catch (error) {
    if (error instanceof SkillsRefusedError) return null
    throw error
  }
}
