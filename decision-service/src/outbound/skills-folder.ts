import { ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import type { Skill, Skills } from '../engines/skill.ts'
import { type SkillProblem, SkillsRefusedError } from '../engines/skill-problem.ts'
import { type Reading, readSkills, takeFingerprint } from './skill-files.ts'

export type SkillsFolder = Skills & {
  /** Looks for edits now, without waiting for the next poll. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export type SkillsFolderOptions = Readonly<{
  /** A skill is in force that was not before; not called for those found at the start. */
  onChange?: (skill: Skill) => void
  /** An edit was refused, and what was in force before still is. Called once for each state of the directory. */
  onProblem?: (error: SkillsRefusedError) => void
  /** How often to look for edits; null for never. Polling sees replaced files, links and network mounts alike. */
  pollMs?: number | null
}>

type InForce = ReadonlyMap<IssueType, Skill>

const POLL_MS = 1000

/**
 * Opens a directory with one folder for each skill, and follows its edits.
 * @throws SkillsRefusedError with every problem, when the directory is not usable at the start.
 */
export async function openSkills(directory: string, options: SkillsFolderOptions = {}): Promise<SkillsFolder> {
  const { onChange = () => {}, onProblem = () => {}, pollMs = POLL_MS } = options
  let seen = await takeFingerprint(directory)
  const first = combine(await readSkills(directory), [])
  if (first.problems.length > 0 || first.complete === null) throw new SkillsRefusedError(first.problems)
  let inForce: InForce = first.complete

  const look = async () => {
    const fingerprint = await takeFingerprint(directory)
    if (fingerprint === seen) return
    const { complete, problems } = combine(await readSkills(directory), [...inForce.values()])
    // Somebody is still writing: what was read may be half of an edit, so the next look reads again.
    if ((await takeFingerprint(directory)) !== fingerprint) return

    const before = inForce
    seen = fingerprint
    inForce = complete ?? before
    if (problems.length > 0) onProblem(new SkillsRefusedError(problems))
    for (const skill of inForce.values()) if (before.get(skill.serves)?.digest !== skill.digest) onChange(skill)
  }

  const poll = startPoll(look, pollMs)
  return {
    forType: (issueType) => inForce.get(issueType)!, // `combine` gives nothing incomplete.
    all: () => [...inForce.values()],
    refresh: poll.now,
    close: poll.stop,
  }
}

/** One look after the other: a slow one is neither overtaken by the next nor lets more of them pile up. */
function startPoll(look: () => Promise<void>, pollMs: number | null) {
  let looking = Promise.resolve()
  let waiting = 0
  const now = () => {
    waiting++
    looking = looking.then(look, look).finally(() => {
      waiting--
    })
    return looking
  }
  const timer = pollMs === null ? undefined : setInterval(() => waiting === 0 && now(), pollMs).unref()
  const stop = () => {
    clearInterval(timer)
    return looking
  }
  return { now, stop }
}

type Combined = Readonly<{ complete: InForce | null; problems: readonly SkillProblem[] }>

/** Puts together what was read, with the last good version of what could not be; null unless every type is served once. */
function combine({ skills, broken, problems }: Reading, lastGood: readonly Skill[]): Combined {
  const candidates = [...skills, ...lastGood.filter(({ name }) => broken.includes(name))]
  const twice = candidates.filter(({ serves }, index) => candidates.findIndex((one) => one.serves === serves) < index)
  const unserved = ISSUE_TYPES.filter((issueType) => !candidates.some(({ serves }) => serves === issueType))

  const clashes = twice.map(({ name, serves }) =>
    toProblem(`${name}/SKILL.md`, `serves ${serves}, as another skill does`),
  )
  // What a broken skill serves is not known, so only without one is it sure that a type is forgotten.
  const gaps =
    broken.length > 0 ? [] : unserved.map((issueType) => toProblem('.', `has no skill that serves ${issueType}`))
  const complete = twice.length + unserved.length > 0 ? null : new Map(candidates.map((skill) => [skill.serves, skill]))
  return { complete, problems: [...problems, ...clashes, ...gaps] }
}

const toProblem = (file: string, problem: string): SkillProblem => ({ file, line: null, path: '', problem })
