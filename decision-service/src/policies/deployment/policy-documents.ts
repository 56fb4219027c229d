import type { Collection } from 'mongodb'
import type { PolicyHead, RecordedPolicy } from './policy.ts'
import type { Deployment } from './policy-deployment.ts'
import type { PolicyTrial } from './policy-trial.ts'

/** How policies lie in MongoDB. A version is one document, since its files together are far below 16 MB. */
type Keyed<T, Key extends keyof T> = Omit<T, Key> & { _id: string }
export type HeadDocument = Keyed<PolicyHead, 'skill'>
export type PolicyDocument = Keyed<RecordedPolicy, 'digest'>
export type DeploymentDocument = Deployment & { _id: string }
export type TrialDocument = Keyed<PolicyTrial, 'skill'>

export type PolicyCollections = Readonly<{
  policyHeads: Collection<HeadDocument>
  policyVersions: Collection<PolicyDocument>
  policyDeployments: Collection<DeploymentDocument>
  policyTrials: Collection<TrialDocument>
}>

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
