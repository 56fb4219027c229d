import { startRepeating } from '@redress/shared/process/repeat.ts'
import { SkillsRefusedError } from '../errors.ts'
import type { Policy } from './parse-policy.ts'
import { type Combined, combinePolicies, fillGaps, type PolicySet } from './policy-set.ts'
import type { Skills } from './skill.ts'
import { type Reading, readSkills, takeFingerprint } from './skill-files.ts'

export type SkillsFolder = Skills & {
  /** Skills and the arbiter, as they are in the folder, or were when they were last good. */
  policies(): readonly Policy[]
  /** Looks for edits now, without waiting for the next poll. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export type SkillsFolderOptions = Readonly<{
  /** An edit was refused, and what was there before still is. Called once for each state of the directory. */
  onProblem?: (error: SkillsRefusedError) => void
  /** The directory is without problems. Called once for each state of it. */
  onGood?: () => void
  /** How often to look for edits; null for never. Polling sees replaced files, links and network mounts alike. */
  pollMs?: number | null
  /**
   * Skills that replace at the start those that the directory holds broken or not at all; without them, either is an
   * error.
   */
  lastGood?: () => Promise<readonly Policy[]>
}>

const POLL_MS = 1000

/**
 * Opens a directory with one folder for each skill, and follows its edits.
 * @throws SkillsRefusedError with every problem, when the directory is not usable at the start and nothing stands in.
 */
export async function openSkills(directory: string, options: SkillsFolderOptions = {}): Promise<SkillsFolder> {
  const { onProblem = () => {}, onGood = () => {}, pollMs = POLL_MS, lastGood } = options
  let seen = await takeFingerprint(directory)
  let current = await readFirst(directory, { lastGood, onProblem, onGood })

  const look = async () => {
    const fingerprint = await takeFingerprint(directory)
    if (fingerprint === seen) return
    const { set, problems } = combine(await readSkills(directory), current.policies)
    // The folder is still being written: this may be half of an edit, so the next poll reads it again.
    if ((await takeFingerprint(directory)) !== fingerprint) return

    seen = fingerprint
    current = set ?? current
    if (problems.length > 0) onProblem(new SkillsRefusedError(problems))
    else onGood()
  }

  // A look does not reject: what cannot be read is a state of the folder.
  const polling = startRepeating({ run: look, everyMs: pollMs, onError: () => {} })
  return {
    forType: (issueType) => current.skills.get(issueType)!, // A set serves every type.
    all: () => [...current.skills.values()],
    policies: () => current.policies,
    refresh: polling.runNow,
    close: polling.stop,
  }
}

type First = Readonly<{ lastGood: SkillsFolderOptions['lastGood'] }> &
  Required<Pick<SkillsFolderOptions, 'onProblem' | 'onGood'>>

async function readFirst(directory: string, { lastGood, onProblem, onGood }: First): Promise<PolicySet> {
  const reading = await readSkills(directory)
  const { set, problems } = combine(reading, [])
  if (problems.length === 0 && set !== null) {
    onGood()
    return set
  }

  const refusal = new SkillsRefusedError(problems)
  const filled = lastGood && combinePolicies(fillGaps(reading.policies, await lastGood()), { gapsMatter: true }).set
  if (!filled) throw refusal
  onProblem(refusal)
  return filled
}

/** Puts together what was read, with the last good version of what could not be. */
function combine({ policies, broken, problems }: Reading, lastGood: readonly Policy[]): Combined {
  const kept = lastGood.filter(({ text }) => broken.includes(text.skill))
  const combined = combinePolicies([...policies, ...kept], { gapsMatter: broken.length === 0 })
  return { set: combined.set, problems: [...problems, ...combined.problems] }
}
