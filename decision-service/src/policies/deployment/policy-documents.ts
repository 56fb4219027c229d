import type { Db } from 'mongodb'
import type { PolicyHead, RecordedPolicy } from './policy.ts'
import type { Deployment } from './policy-deployment.ts'
import type { PolicyTrial } from './policy-trial.ts'

/** How policies lie in MongoDB. A version is one document, since its files together are far below 16 MB. */
type Keyed<T, Key extends keyof T> = Omit<T, Key> & { _id: string }
export type HeadDocument = Keyed<PolicyHead, 'skill'>
export type PolicyDocument = Keyed<RecordedPolicy, 'digest'>
type DeploymentDocument = Deployment & { _id: string }
type TrialDocument = Keyed<PolicyTrial, 'skill'>

export function policyCollectionsOf(db: Db) {
  return {
    heads: db.collection<HeadDocument>('policies'),
    versions: db.collection<PolicyDocument>('policy_versions'),
    deployments: db.collection<DeploymentDocument>('policy_deployments'),
    trials: db.collection<TrialDocument>('policy_trials'),
  }
}
export type PolicyCollections = ReturnType<typeof policyCollectionsOf>

/** Creates the indexes; every query has one. */
export async function preparePolicyCollections({ versions, deployments }: PolicyCollections): Promise<void> {
  await versions.createIndexes([{ key: { skill: 1, createdAt: -1, _id: -1 }, name: 'newest_by_skill' }])
  await deployments.createIndexes([{ key: { skill: 1, effectiveFrom: -1, number: -1 }, name: 'latest_by_skill' }])
}

export const NEWEST_FIRST = { createdAt: -1, _id: -1 } as const
export const LATEST_FIRST = { effectiveFrom: -1, number: -1 } as const
export const DEPLOYMENTS_MAX = 100

export function toHead({ _id, ...rest }: HeadDocument): PolicyHead {
  return { skill: _id, ...rest }
}

export function toRecordedPolicy({ _id, ...rest }: PolicyDocument): RecordedPolicy {
  return { digest: _id, ...rest }
}

export function toDeployment({ _id: _, ...rest }: DeploymentDocument): Deployment {
  return rest
}

export function toTrial({ _id, ...rest }: TrialDocument): PolicyTrial {
  return { skill: _id, ...rest }
}
