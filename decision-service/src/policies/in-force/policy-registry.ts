import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { MongoClient } from 'mongodb'
import type { PolicyVersion } from '../../domain/decision.ts'
import { startPoll } from '../../jobs/poll.ts'
import type { PolicyCollections } from '../deployment/policy-documents.ts'
import type { Arbiter } from '../files/arbiter.ts'
import { openSkills } from '../files/skills-folder.ts'
import { createFolderEdits } from './folder-edits.ts'
import { createParsedPolicies } from './parsed-policies.ts'
import type { Policies } from './policies.ts'
import { createPolicyLog } from './policy-log.ts'
import { chooseFrom, newSeats, readLastGood, type Seats, takeSeats } from './policy-seats.ts'

export type PolicyRegistry = Policies & {
  /** Who combines the votes of an ensemble; null where the folder has no arbiter. */
  arbiter(): Arbiter | null
  /** Looks for edits and publications now, without waiting for the next poll. */
  refresh(): Promise<void>
  close(): Promise<void>
}

type PolicyRegistryOptions = Readonly<{
  /** One folder for each skill. */
  directory: string
  collections: PolicyCollections
  mongo: MongoClient
  outbox: Outbox
  now: () => Date
  /** How often to look for edits and publications; null for never. */
  pollMs?: number | null
  /** A version is in force that was not before; not called for those found at the start. */
  onChange?: (version: PolicyVersion) => void
  /** An edit was refused, or the database is away: what was in force before still is. Told once until it changes. */
  onProblem?: (error: unknown) => void
}>

const POLL_MS = 1000

/**
 * The policies in force: whatever was put into the folder of skills or published, the last act wins. Follows both.
 * @throws SkillsRefusedError at the start, when the folder is broken and no version on record can stand in.
 */
export async function openPolicies(options: PolicyRegistryOptions): Promise<PolicyRegistry> {
  const { directory, collections, now, pollMs = POLL_MS, onChange = () => {}, onProblem = () => {} } = options
  const parsed = createParsedPolicies(collections)
  const sources = { log: createPolicyLog(collections), parsed, now }
  const edits = createFolderEdits(options)
  const folder = await openSkills(directory, {
    pollMs: null,
    async lastGood() {
      const found = await readLastGood(sources)
      edits.note(found)
      return found
    },
    onProblem(error) {
      edits.refuse(error)
      onProblem(error)
    },
  })

  const read = async (): Promise<Seats | null> => {
    await folder.refresh()
    for (const policy of folder.policies()) parsed.keep(policy)
    await edits.record(folder.policies())
    await sources.log.refresh()
    return takeSeats(folder.policies(), sources)
  }
  let seats = await read()
  if (seats === null) throw new Error('The versions in force do not serve every type of issue.')

  let told = ''
  const look = async () => {
    try {
      const before = seats!
      seats = (await read()) ?? before
      for (const version of newSeats(seats, before)) onChange(version)
      told = ''
    } catch (error) {
      if (told !== String(error)) onProblem(error)
      told = String(error)
    }
  }
  const poll = startPoll(look, pollMs)
  return {
    choose: (decisionCase) => chooseFrom(seats!, decisionCase),
    inForce: (issueType) => seats!.byType.get(issueType)!.skill, // Every type is served.
    arbiter: () => seats!.arbiter,
    find: async (digest) => (await parsed.find(digest))?.skill ?? null,
    refresh: poll.now,
    close: poll.stop,
  }
}
