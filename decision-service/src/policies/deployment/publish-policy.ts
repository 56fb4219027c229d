import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { PolicyUnchangedError } from '../errors.ts'
import { deployPolicy, getHead, getVersion, requireFourEyes } from './deploy-policy.ts'
import { type Deployment, deploymentInForce } from './policy-deployment.ts'
import type { PoliciesStore } from './ports.ts'

type PublishPolicyCommand = Readonly<{
  skill: string
  digest: string
  /** Now where it is null or past; never before the policy's own `effective-from`. */
  effectiveFrom: Date | null
  cause: Cause
}>
/** @throws PolicyNotFoundError, PolicyVersionNotFoundError, FourEyesRequiredError, PolicyUnchangedError */
export type PublishPolicy = (command: PublishPolicyCommand) => Promise<Deployment>

type Dependencies = Readonly<{ store: PoliciesStore; now: Clock; onCommit: () => void }>

/** Puts a version in force; the publisher must not be its author. */
export function createPublishPolicy({ store, now, onCommit }: Dependencies): PublishPolicy {
  return async ({ skill, digest, effectiveFrom, cause }) => {
    const deployment = await store.transact(async (transaction) => {
      const head = await getHead(transaction, skill)
      const policy = await getVersion(transaction, { skill, digest })
      requireFourEyes(policy, cause.actor)
      const at = now()
      const from = latestOf([at, policy.notBefore, effectiveFrom ?? at])
      // By then: publishing the present version again takes back one that is to come.
      if (deploymentInForce(await transaction.deploymentsOf(skill), from)?.digest === digest) {
        throw new PolicyUnchangedError(skill, digest)
      }
      return deployPolicy(transaction, { head, policy, source: 'PUBLISHED', from, reason: null, cause, now: at })
    })
    onCommit()
    return deployment
  }
}

function latestOf(moments: readonly Date[]): Date {
  return new Date(Math.max(...moments.map((moment) => moment.getTime())))
}
