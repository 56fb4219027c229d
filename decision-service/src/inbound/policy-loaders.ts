import DataLoader from 'dataloader'
import type { PolicyFile } from '../domain/policy.ts'
import type { Deployment } from '../domain/policy-deployment.ts'
import type { PolicyOutline, PolicyViews } from '../use-cases/policy-ports.ts'

export type PolicyLoaders = Readonly<{
  /** By digest. */
  policyOutlines: DataLoader<string, PolicyOutline | null>
  /** By digest. */
  policyFiles: DataLoader<string, readonly PolicyFile[] | null>
  /** By skill. */
  policyDeployments: DataLoader<string, readonly Deployment[]>
}>

export function createPolicyLoaders(views: PolicyViews): PolicyLoaders {
  return {
    policyOutlines: new DataLoader(views.findPolicies),
    policyFiles: new DataLoader(views.filesOf),
    policyDeployments: new DataLoader(views.deploymentsOf),
  }
}
