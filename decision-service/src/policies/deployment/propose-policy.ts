import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { PolicyNotFoundError, PolicyUnchangedError } from '../errors.ts'
import { getHead, getVersion } from './deploy-policy.ts'
import type { PolicyFile, RecordedPolicy } from './policy.ts'
import { nextAct, policyEvent } from './policy-act.ts'
import { deploymentInForce } from './policy-deployment.ts'
import type { PoliciesStore, PoliciesTransaction, ReadPolicyText } from './ports.ts'

/** `files` are those to replace or add; the others are those of the version in force. */
type ProposePolicyCommand = Readonly<{ skill: string; files: readonly PolicyFile[]; cause: Cause }>
/** @throws SkillsRefusedError, PolicyNotFoundError, PolicyUnchangedError, BadUserInputError */
export type ProposePolicy = (command: ProposePolicyCommand) => Promise<RecordedPolicy>

type Dependencies = Readonly<{ store: PoliciesStore; readPolicyText: ReadPolicyText; now: Clock; onCommit: () => void }>

/** Stores a candidate version. A version that exists already is unchanged and keeps its first author. */
export function createProposePolicy({ store, readPolicyText, now, onCommit }: Dependencies): ProposePolicy {
  return async ({ skill, files, cause }) => {
    const proposed = await store.transact(async (transaction) => {
      const head = await getHead(transaction, skill)
      const inForce = await getInForce(transaction, skill, now())
      const contents = new Map([...inForce.files, ...files].map(({ path, content }) => [path, content]))
      const text = readPolicyText(skill, contents)
      if (text.digest === inForce.digest) throw new PolicyUnchangedError(skill, text.digest)
      // Every type of issue must stay served, by one policy.
      if (text.serves !== inForce.serves) {
        throw new BadUserInputError(['input', 'files'], `must keep what the policy serves, ${inForce.serves}`)
      }
      const known = await transaction.findPolicy(text.digest)
      if (known !== null) return known

      const act = nextAct(head, now())
      const policy: RecordedPolicy = { ...text, author: cause.actor, createdAt: act.lastAt }
      const { digest, version } = policy
      const changes = { digest: [inForce.digest, digest], version: [inForce.version, version] } as const
      await transaction.saveHead(act)
      await transaction.addPolicy(policy)
      await transaction.addEvents([policyEvent(act, { type: 'policy.proposed', digest, version, changes, cause })])
      return policy
    })
    onCommit()
    return proposed
  }
}

async function getInForce(transaction: PoliciesTransaction, skill: string, now: Date): Promise<RecordedPolicy> {
  const deployment = deploymentInForce(await transaction.deploymentsOf(skill), now)
  if (deployment === null) throw new PolicyNotFoundError(skill)
  return getVersion(transaction, deployment)
}
