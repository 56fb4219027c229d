import { ACTORS } from '@redress/shared/access/actors.ts'
import { causeOfService } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { deployPolicy } from '../deployment/deploy-policy.ts'
import type { PolicyText, RecordedPolicy } from '../deployment/policy.ts'
import { newHead } from '../deployment/policy-act.ts'
import { latestOfFolder } from '../deployment/policy-deployment.ts'
import type { PoliciesStore } from '../deployment/ports.ts'

type RecordFolderEdit = (text: PolicyText) => Promise<void>

type Dependencies = Readonly<{ store: PoliciesStore; now: Clock; onCommit: () => void }>

/**
 * Deploys an edit of the folder of skills, once for all processes that see it. Call it only for edits that are new to
 * the process: otherwise two folders that differ would override each other for ever.
 */
export function createRecordFolderEdit({ store, now, onCommit }: Dependencies): RecordFolderEdit {
  return async (text) => {
    await store.transact(async (transaction) => {
      const { skill, digest, notBefore } = text
      const head = (await transaction.findHead(skill)) ?? newHead(skill)
      if (latestOfFolder(await transaction.deploymentsOf(skill)) === digest) return

      const at = now()
      const known = await transaction.findPolicy(digest)
      const policy: RecordedPolicy = known ?? { ...text, author: null, createdAt: at }
      if (known === null) await transaction.addPolicy(policy)
      const cause = causeOfService(ACTORS.skills)
      await deployPolicy(transaction, { head, policy, source: 'FOLDER', from: notBefore, reason: null, cause, now: at })
    })
    onCommit()
  }
}
