import type { Outbox } from '@redress/shared/events/outbox.ts'
import { startRepeating } from '@redress/shared/process/repeat.ts'
import type { MongoClient } from 'mongodb'
import type { PolicyVersion } from '../../domain/decision.ts'
import type { PolicyCollections } from '../deployment/policy-documents.ts'
import type { Arbiter } from '../files/arbiter.ts'
import { openSkills } from '../files/skills-folder.ts'
import { type Assignments, assignPolicies, chooseFrom, newVersions, readLastGood } from './assignments.ts'
import { createFolderEdits } from './folder-edits.ts'
import type { RefusalCollections } from './mongo-refusals.ts'
import { createParsedPolicies } from './parsed-policies.ts'
import type { Policies } from './policies.ts'
import { createPolicyLog } from './policy-log.ts'

export type PolicyRegistry = Policies & {
  /** The arbiter of an ensemble; null if the folder has none. */
  arbiter(): Arbiter | null
  /** Looks for edits and publications now, without waiting for the next poll. */
  refresh(): Promise<void>
  close(): Promise<void>
}

type PolicyRegistryOptions = Readonly<{
  /** One folder for each skill. */
  directory: string
  collections: PolicyCollections & RefusalCollections
  mongo: MongoClient
  outbox: Outbox
  now: () => Date
  /** How often to look for edits and publications; null for never. */
  pollMs?: number | null
  /** A version is in force that was not before; not called for those found at the start. */
  onChange?: (version: PolicyVersion) => void
  /** Called once per problem: an edit was refused, or the database is away. The policies in force stay. */
  onProblem?: (error: unknown) => void
}>

const POLL_MS = 1000

/**
 * Opens the registry of policies in force. It follows the folder of skills and publications; the latest change wins.
 * @throws SkillsRefusedError at the start, if the folder is broken and no stored version can replace it.
 */
export async function openPolicyRegistry(options: PolicyRegistryOptions): Promise<PolicyRegistry> {
  const { pollMs = POLL_MS, onChange = () => {}, onProblem = () => {} } = options
  const { parsed, read } = await openSources(options, onProblem)
  const first = await read()
  if (first === null) throw new Error('The versions in force do not serve every type of issue.')

  let assignments: Assignments = first
  let reported = ''
  const look = async () => {
    try {
      const before = assignments
      assignments = (await read()) ?? before
      for (const version of newVersions(assignments, before)) onChange(version)
      reported = ''
    } catch (error) {
      if (reported !== String(error)) onProblem(error)
      reported = String(error)
    }
  }
  // An edit of the folder is recorded in one transaction, or by the next process.
  const polling = startRepeating({ run: look, everyMs: pollMs, onError: onProblem, giveUpMs: 0 })
  return {
    choose: (decisionCase) => chooseFrom(assignments, decisionCase),
    inForce: (issueType) => assignments.byType.get(issueType)!.skill, // Every type is served.
    arbiter: () => assignments.arbiter,
    find: async (digest) => (await parsed.find(digest))?.skill ?? null,
    refresh: polling.runNow,
    close: polling.stop,
  }
}

/** The folder and the log in the database, and how both are read together. */
async function openSources(options: PolicyRegistryOptions, onProblem: (error: unknown) => void) {
  const { directory, collections, now } = options
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
      edits.see(error)
      onProblem(error)
    },
    onGood: () => edits.see('good'),
  })
  const read = async (): Promise<Assignments | null> => {
    await folder.refresh()
    for (const policy of folder.policies()) parsed.keep(policy)
    await edits.record(folder.policies())
    await sources.log.refresh()
    return assignPolicies(folder.policies(), sources)
  }
  return { parsed, read }
}
