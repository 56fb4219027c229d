import DataLoader from 'dataloader'
import type { PolicyFile } from './policy.ts'
import type { Deployment } from './policy-deployment.ts'
import type { PolicyOutline, PolicyViews } from './ports.ts'

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
