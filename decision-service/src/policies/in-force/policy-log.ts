import { createMongoPolicyViews } from '../deployment/mongo-policy-views.ts'
import { type Deployment, deploymentInForce } from '../deployment/policy-deployment.ts'
import type { PolicyCollections } from '../deployment/policy-documents.ts'
import type { PolicyTrial } from '../deployment/policy-trial.ts'

type Known = Readonly<{ acts: number; deployments: readonly Deployment[]; trial: PolicyTrial | null }>
type PolicyInForce = Readonly<{ deployment: Deployment; trial: PolicyTrial | null }>

/** As much as one service has; see FOLDERS_MAX of the folder of skills. */
const POLICIES_MAX = 100

/** Follows what happens to policies: one small read each time, and more only of those to which something did. */
export function createPolicyLog(collections: PolicyCollections) {
  const views = createMongoPolicyViews(collections)
  const known = new Map<string, Known>()

  return {
    async refresh(): Promise<void> {
      const heads = await collections.policyHeads.find().sort({ _id: 1 }).limit(POLICIES_MAX).toArray()
      const changed = heads.filter(({ _id, acts }) => known.get(_id)?.acts !== acts)
      await Promise.all(
        changed.map(async ({ _id: skill, acts }) => {
          const [[deployments = []], trial] = await Promise.all([views.deploymentsOf([skill]), views.findTrial(skill)])
          known.set(skill, { acts, deployments, trial })
        }),
      )
    },
    skills: (): readonly string[] => [...known.keys()],
    inForce(skill: string, moment: Date): PolicyInForce | null {
      const { deployments = [], trial = null } = known.get(skill) ?? {}
      const deployment = deploymentInForce(deployments, moment)
      return deployment && { deployment, trial }
    },
  }
}
export type PolicyLog = ReturnType<typeof createPolicyLog>
