import type { Cause } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { Clock } from '@redress/shared/time.ts'
import { NoEarlierVersionError, PolicyUnchangedError } from '../errors.ts'
import { deployPolicy, getHead, getVersion, requireFourEyes } from './deploy-policy.ts'
import { type Deployment, deploymentBefore, deploymentInForce, wasInForce } from './policy-deployment.ts'
import type { PoliciesStore } from './ports.ts'

/** `digest` null: the version that was in force before the present one. */
type RollbackPolicyCommand = Readonly<{ skill: string; digest: string | null; reason: string; cause: Cause }>
/** @throws PolicyNotFoundError, PolicyVersionNotFoundError, NoEarlierVersionError, FourEyesRequiredError, PolicyUnchangedError */
export type RollbackPolicy = (command: RollbackPolicyCommand) => Promise<Deployment>

type Dependencies = Readonly<{ store: PoliciesStore; now: Clock; onCommit: () => void }>

/** Puts a version that was in force before back in force, at once, whatever its own date says. */
export function createRollbackPolicy({ store, now, onCommit }: Dependencies): RollbackPolicy {
  return async ({ skill, digest: wanted, reason, cause }) => {
    const deployment = await store.transact(async (transaction) => {
      const head = await getHead(transaction, skill)
      const [log, at] = [await transaction.deploymentsOf(skill), now()]
      const digest = wanted ?? deploymentBefore(log, at)?.digest
      if (digest === undefined) throw new NoEarlierVersionError(skill, null)
      const policy = await getVersion(transaction, { skill, digest })
      requireFourEyes(policy, cause.actor)
      if (deploymentInForce(log, at)?.digest === digest) throw new PolicyUnchangedError(skill, digest)
      if (!wasInForce(log, digest, at)) throw new NoEarlierVersionError(skill, digest)

      const masked = maskPersonal(reason.trim())
      return deployPolicy(transaction, {
        head,
        policy,
        source: 'ROLLED_BACK',
        from: at,
        reason: masked,
        cause,
        now: at,
      })
    })
    onCommit()
    return deployment
  }
}
