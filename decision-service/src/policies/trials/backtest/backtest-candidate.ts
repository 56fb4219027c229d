import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import { PolicyVersionNotFoundError } from '../../../domain/errors.ts'
import { decideByRules } from '../../../engines/rules/rules-engine.ts'
import { PolicyNotFoundError, SkillsRefusedError } from '../../errors.ts'
import { parseSkill } from '../../files/parse-skill.ts'
import type { Skill } from '../../files/skill.ts'
import type { Policies } from '../../in-force/policies.ts'
import type { OpenCandidate, ReadCandidate } from './ports.ts'

type Dependencies = Readonly<{ policies: Pick<Policies, 'inForce' | 'find'> }>

/** A digest has no blanks and no braces, and the text of a rules.json has. */
const DIGEST = /^[\w-]+$/

/** Finds a version of a policy by its digest, or makes one of the version in force with another rules.json. */
export function createReadCandidate({ policies }: Dependencies): ReadCandidate {
  return async ({ skill: name, digestOrText }) => {
    const inForce = ISSUE_TYPES.map((type) => policies.inForce(type)).find((skill) => skill.name === name)
    if (!inForce) throw new PolicyNotFoundError(name)
    if (!DIGEST.test(digestOrText.trim())) {
      const skill = parse(name, new Map(inForce.files).set('rules.json', digestOrText))
      return { policy: toVersion(skill), files: [...skill.files].map(([path, content]) => ({ path, content })) }
    }
    const digest = digestOrText.trim()
    const skill = await policies.find(digest)
    if (skill === null || skill.name !== name) throw new PolicyVersionNotFoundError(digest)
    return { policy: toVersion(skill), files: null }
  }
}

export function createOpenCandidate({ policies }: { policies: Pick<Policies, 'find'> }): OpenCandidate {
  return async ({ policy, files }) => {
    const given = files && new Map(files.map(({ path, content }) => [path, content]))
    const skill = given ? parse(policy.skill, given) : await policies.find(policy.digest)
    if (skill === null) throw new PolicyVersionNotFoundError(policy.digest)
    return (decisionCase) => decideByRules(decisionCase, skill)
  }
}

/** @throws SkillsRefusedError with every problem. */
function parse(name: string, files: ReadonlyMap<string, string>): Skill {
  const parsed = parseSkill(name, files)
  if ('problems' in parsed) throw new SkillsRefusedError(parsed.problems)
  return parsed.skill
}

const toVersion = ({ name, version, digest }: Skill) => ({ skill: name, version, digest })
