import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import type { Candidate, CandidateText } from '../domain/backtest.ts'
import { PolicyNotFoundError, PolicyVersionNotFoundError } from '../domain/policy-errors.ts'
import type { OpenCandidate, ReadCandidate } from '../use-cases/backtest-ports.ts'
import { parseSkill } from './parse-skill.ts'
import type { Policies } from './policies.ts'
import { decideByRules } from './rules/rules-engine.ts'
import type { Skill } from './skill.ts'
import { SkillsRefusedError } from './skill-problem.ts'

/** All files of a version by their paths within its folder; null for one that is not on record. */
export type FilesOf = (digest: string) => Promise<readonly Readonly<{ path: string; content: string }>[] | null>

type Dependencies = Readonly<{ policies: Pick<Policies, 'inForce' | 'find'>; filesOf: FilesOf }>

/** A digest has no blanks and no braces, and the text of a rules.json has. */
const DIGEST = /^[\w-]+$/

/** Finds a version of a policy by its digest, or makes one of the version in force with another rules.json. */
export function createReadCandidate({ policies, filesOf }: Dependencies): ReadCandidate {
  return async ({ skill: name, digestOrText }) => {
    const inForce = ISSUE_TYPES.map((type) => policies.inForce(type)).find((skill) => skill.name === name)
    if (!inForce) throw new PolicyNotFoundError(name)
    if (!DIGEST.test(digestOrText.trim())) return combine(inForce, digestOrText, filesOf)

    const digest = digestOrText.trim()
    const skill = await policies.find(digest)
    if (skill === null || skill.name !== name) throw new PolicyVersionNotFoundError(digest)
    return { policy: toVersion(skill), text: null }
  }
}

async function combine({ name, digest }: Skill, rules: string, filesOf: FilesOf): Promise<Candidate> {
  const files = await filesOf(digest)
  if (files === null) throw new PolicyVersionNotFoundError(digest)
  const contents = new Map(files.map(({ path, content }) => [path, content])).set('rules.json', rules)
  const skill = parse(name, contents)
  return { policy: toVersion(skill), text: { skill: contents.get('SKILL.md') ?? '', rules } }
}

export function createOpenCandidate({ policies }: Pick<Dependencies, 'policies'>): OpenCandidate {
  return async ({ policy, text }) => {
    const skill = text === null ? await policies.find(policy.digest) : parseText(policy.skill, text)
    if (skill === null) throw new PolicyVersionNotFoundError(policy.digest)
    return (decisionCase) => decideByRules(decisionCase, skill)
  }
}

/** Its digest is not that of the whole folder, and nobody asks it for one. */
function parseText(name: string, { skill, rules }: CandidateText): Skill {
  return parse(name, new Map([['SKILL.md', skill]]).set('rules.json', rules))
}

/** @throws SkillsRefusedError */
function parse(name: string, contents: ReadonlyMap<string, string>): Skill {
  const sorted = [...contents].sort(([a], [b]) => (a < b ? -1 : 1))
  const parsed = parseSkill(name, new Map(sorted.map(([path, content]) => [path, Buffer.from(content)])))
  if ('problems' in parsed) throw new SkillsRefusedError(parsed.problems)
  return parsed.skill
}

const toVersion = ({ name, version, digest }: Skill) => ({ skill: name, version, digest })
