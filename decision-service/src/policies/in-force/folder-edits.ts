import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { MongoClient } from 'mongodb'
import { createMongoPoliciesStore } from '../deployment/mongo-policies-store.ts'
import type { PolicyCollections } from '../deployment/policy-documents.ts'
import type { SkillsRefusedError } from '../errors.ts'
import type { Policy } from '../files/parse-policy.ts'
import { createMongoRefusals, type RefusalCollections } from './mongo-refusals.ts'
import { createRecordFolderEdit } from './record-folder-edit.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  collections: PolicyCollections & RefusalCollections
  outbox: Outbox
  now: () => Date
}>

/** Records the edits of the folder that this process sees, each once. A failed one is retried at the next call. */
export function createFolderEdits({ mongo, collections, outbox, now }: Dependencies) {
  const store = createMongoPoliciesStore({ mongo, collections, outbox })
  const recordFolderEdit = createRecordFolderEdit({ store, now, onCommit: outbox.wake })
  const seen = new Map<string, string>()
  const refusals = createMongoRefusals({ mongo, collections, outbox, now })
  // The state of the folder that is still to be recorded.
  let unrecorded: SkillsRefusedError | 'good' | null = null

  const note = (policies: readonly Policy[]) => {
    for (const { text } of policies) seen.set(text.skill, text.digest)
  }
  return {
    /** Marks policies as seen without recording them: they replace broken ones in the folder. */
    note,
    /** Keeps the refusal of an edit, which `record` reports to operators, or that the folder is good. */
    see: (state: SkillsRefusedError | 'good') => {
      unrecorded = state
    },
    async record(policies: readonly Policy[]): Promise<void> {
      const edited = policies.filter(({ text }) => seen.get(text.skill) !== text.digest)
      await Promise.all(edited.map((policy) => recordFolderEdit(policy.text).then(() => note([policy]))))
      if (unrecorded === 'good') await refusals.close()
      else if (unrecorded !== null) await refusals.raise(unrecorded.problems)
      unrecorded = null
    },
  }
}
