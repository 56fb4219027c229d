import type { PolicyText } from '../deployment/policy.ts'
import { SkillsRefusedError } from '../errors.ts'
import type { Arbiter } from './arbiter.ts'
import { parseArbiter } from './arbiter-document.ts'
import { parseSkill } from './parse-skill.ts'
import type { Skill } from './skill.ts'
import { checkFiles } from './skill-files-check.ts'
import { roleOf } from './skill-head.ts'
import type { SkillProblem } from './skill-problem.ts'

/** The kinds of skills: a policy that decides one type of issue, or an arbiter that helps to decide. */
export type Policy = Readonly<{ text: PolicyText; skill: Skill | null; arbiter: Arbiter | null }>
export type ParsedPolicy = Readonly<{ policy: Policy }> | Readonly<{ problems: readonly SkillProblem[] }>

type Files = ReadonlyMap<string, string>

/** Reads a folder by what its SKILL.md says it is for. */
export function parsePolicy(folder: string, files: Files): ParsedPolicy {
  return roleOf(files.get('SKILL.md') ?? '') === null ? parseServing(folder, files) : parseHelping(folder, files)
}

/** @throws SkillsRefusedError with every problem. */
export function readPolicy(folder: string, files: Files): Policy {
  const parsed = parsePolicy(folder, files)
  if ('problems' in parsed) throw new SkillsRefusedError(parsed.problems)
  return parsed.policy
}

/** @throws SkillsRefusedError with every problem. */
export function readPolicyText(folder: string, files: Files): PolicyText {
  return readPolicy(folder, files).text
}

function parseServing(folder: string, files: Files): ParsedPolicy {
  const parsed = parseSkill(folder, files)
  if ('problems' in parsed) return parsed
  const { skill } = parsed
  return { policy: { skill, arbiter: null, text: toText({ ...skill, files }) } }
}

function parseHelping(folder: string, files: Files): ParsedPolicy {
  const parsed = parseArbiter(files, folder)
  const misplaced = checkFiles(folder, files)
  if (!parsed.ok || misplaced.length > 0) return { problems: [...(parsed.ok ? [] : parsed.problems), ...misplaced] }
  const { arbiter } = parsed
  return { policy: { skill: null, arbiter, text: toText({ ...arbiter, files, serves: null, maxAmount: null }) } }
}

type Described = Omit<PolicyText, 'skill' | 'notBefore' | 'files'> &
  Readonly<{ name: string; effectiveFrom: string; files: Files }>

function toText({
  name,
  version,
  digest,
  serves,
  description,
  maxAmount,
  effectiveFrom,
  files,
}: Described): PolicyText {
  return {
    ...{ skill: name, version, digest, serves, description, maxAmount },
    notBefore: new Date(effectiveFrom),
    files: [...files].map(([path, content]) => ({ path, content })),
  }
}
