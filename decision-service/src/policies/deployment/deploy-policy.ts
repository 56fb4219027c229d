import type { Cause } from '@redress/shared/events/envelope.ts'
import { PolicyVersionNotFoundError } from '../../domain/errors.ts'
import { FourEyesRequiredError, PolicyNotFoundError } from '../errors.ts'
import type { PolicyHead, RecordedPolicy } from './policy.ts'
import { nextAct, type PolicyEventType, policyEvent } from './policy-act.ts'
import { type Deployment, type DeploymentSource, deploymentInForce } from './policy-deployment.ts'
import type { PoliciesTransaction } from './ports.ts'

const EVENT_TYPES: Readonly<Record<DeploymentSource, PolicyEventType>> = {
  FOLDER: 'policy.in_force',
  PUBLISHED: 'policy.published',
  ROLLED_BACK: 'policy.rolled_back',
}

type Deploying = Readonly<{
  head: PolicyHead
  policy: RecordedPolicy
  source: DeploymentSource
  /** Not before this; now where it is past. */
  from: Date
  reason: string | null
  cause: Cause
  now: Date
}>

/** Adds a deployment and its event. Ends a trial of the new version or of the one that it replaces. */
export async function deployPolicy(transaction: PoliciesTransaction, deploying: Deploying): Promise<Deployment> {
  const { head, policy, source, from, reason, cause, now } = deploying
  const { skill, digest, version } = policy
  const act = nextAct(head, now)
  const effectiveFrom = new Date(Math.max(from.getTime(), act.lastAt.getTime()))
  const before = deploymentInForce(await transaction.deploymentsOf(skill), effectiveFrom)
  const trial = await transaction.findTrial(skill)
  const endsTrial = trial !== null && [digest, before?.digest].includes(trial.digest)
  const deployment: Deployment = {
    ...{ skill, number: act.acts, digest, version, source },
    ...{ by: cause.actor, effectiveFrom, at: act.lastAt, reason },
  }

  await transaction.saveHead(act)
  await transaction.addDeployment(deployment)
  if (endsTrial) await transaction.removeTrial(skill)
  const changes = {
    digest: [before?.digest ?? null, digest],
    version: [before?.version ?? null, version],
    effectiveFrom: [before?.effectiveFrom.toISOString() ?? null, effectiveFrom.toISOString()],
    ...(reason !== null && { reason: [null, reason] as const }),
    ...(endsTrial && { trial: [trial.digest, null] as const }),
  } as const
  await transaction.addEvents([policyEvent(act, { type: EVENT_TYPES[source], digest, version, changes, cause })])
  return deployment
}

/** @throws PolicyNotFoundError */
export async function getHead(transaction: PoliciesTransaction, skill: string): Promise<PolicyHead> {
  const head = await transaction.findHead(skill)
  if (head === null) throw new PolicyNotFoundError(skill)
  return head
}

/** @throws PolicyVersionNotFoundError where there is no such version of this policy. */
export async function getVersion(
  transaction: PoliciesTransaction,
  { skill, digest }: Readonly<{ skill: string; digest: string }>,
): Promise<RecordedPolicy> {
  const policy = await transaction.findPolicy(digest)
  if (policy === null || policy.skill !== skill) throw new PolicyVersionNotFoundError(digest)
  return policy
}

/** A version from the folder has no author: it was reviewed where the folder is versioned. */
export function requireFourEyes({ author, digest }: RecordedPolicy, actor: string): void {
  if (author === actor) throw new FourEyesRequiredError(digest)
}
