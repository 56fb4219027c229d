import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import type { Candidate } from '../domain/backtest.ts'
import { PolicyNotFoundError, PolicyVersionNotFoundError } from '../domain/policy-errors.ts'
import type { OpenCandidate, ReadCandidate } from '../use-cases/backtest-ports.ts'
import { parseSkill } from './parse-skill.ts'
import type { Policies } from './policies.ts'
import { decideByRules } from './rules/rules-engine.ts'
import type { Skill } from './skill.ts'
import { SkillsRefusedError } from './skill-problem.ts'

type Dependencies = Readonly<{ policies: Pick<Policies, 'inForce' | 'find'> }>

/** A digest has no blanks and no braces, and the text of a rules.json has. */
const DIGEST = /^[\w-]+$/

/** Finds a version of a policy by its digest, or makes one of the version in force with another rules.json. */
export function createReadCandidate({ policies }: Dependencies): ReadCandidate {
  return async ({ skill: name, digestOrText }) => {
    const inForce = ISSUE_TYPES.map((type) => policies.inForce(type)).find((skill) => skill.name === name)
    if (!inForce) throw new PolicyNotFoundError(name)
    if (!DIGEST.test(digestOrText.trim())) return combine(inForce, digestOrText)

    const digest = digestOrText.trim()
    const skill = await policies.find(digest)
    if (skill === null || skill.name !== name) throw new PolicyVersionNotFoundError(digest)
    return { policy: toVersion(skill), text: null }
  }
}

function combine({ name, files }: Skill, rules: string): Candidate {
  const contents = new Map(files).set('rules.json', rules)
  const skill = parse(name, contents)
  return { policy: toVersion(skill), text: toText(contents) }
}

export function createOpenCandidate({ policies }: Dependencies): OpenCandidate {
  return async ({ policy, text }) => {
    const skill = text === null ? await policies.find(policy.digest) : parse(policy.skill, new Map(text.map(toEntry)))
    if (skill === null) throw new PolicyVersionNotFoundError(policy.digest)
    return (decisionCase) => decideByRules(decisionCase, skill)
  }
}

/** Examples are most of a folder, and decide nothing: without them its digest is another, and nobody asks for it. */
function toText(files: ReadonlyMap<string, string>): NonNullable<Candidate['text']> {
  const deciding = [...files].filter(([path]) => !path.startsWith('evals/'))
  return deciding.map(([path, content]) => ({ path, content }))
}

const toEntry = ({ path, content }: { path: string; content: string }) => [path, content] as const

/** @throws SkillsRefusedError */
function parse(name: string, contents: ReadonlyMap<string, string>): Skill {
  const parsed = parseSkill(name, contents)
  if ('problems' in parsed) throw new SkillsRefusedError(parsed.problems)
  return parsed.skill
}

const toVersion = ({ name, version, digest }: Skill) => ({ skill: name, version, digest })
