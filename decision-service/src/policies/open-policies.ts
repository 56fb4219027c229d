import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { createMongoPoliciesStore } from './deployment/mongo-policies-store.ts'
import { createMongoPolicyViews } from './deployment/mongo-policy-views.ts'
import type { PolicyCollections } from './deployment/policy-documents.ts'
import { createPolicyLoaders } from './deployment/policy-loaders.ts'
import { createPolicyResolvers } from './deployment/policy-resolvers.ts'
import { createProposePolicy } from './deployment/propose-policy.ts'
import { createPublishPolicy } from './deployment/publish-policy.ts'
import { createRollbackPolicy } from './deployment/rollback-policy.ts'
import { createTryPolicy } from './deployment/try-policy.ts'
import { readPolicyText } from './files/parse-policy.ts'
import type { RefusalCollections } from './in-force/mongo-refusals.ts'
import { openPolicyRegistry, type PolicyRegistry } from './in-force/policy-registry.ts'

type Stores = Pick<Service, 'mongo' | 'logger' | 'resources'> &
  Readonly<{ collections: PolicyCollections; outbox: Outbox }>
type RegistryStores = Stores & Readonly<{ collections: RefusalCollections }>

const now = () => new Date()

/** The policies in force: what is in the folder of skills and what was published, whichever came last. */
export async function openPolicies(stores: RegistryStores, directory: string): Promise<PolicyRegistry> {
  const { logger, resources } = stores
  const policies = await openPolicyRegistry({
    ...stores,
    directory,
    now,
    onChange: (policy) => logger.info(policy, 'policy in force'),
    onProblem: (err) => logger.error({ err }, 'policy edit refused, the last good version stays in force'),
  })
  resources.defer(() => policies.close())
  return policies
}

/** Proposes, publishes, rolls back and tries versions of policies. */
export function openPolicyChanges(stores: Stores) {
  const views = createMongoPolicyViews(stores.collections)
  const changing = { store: createMongoPoliciesStore(stores), now, onCommit: stores.outbox.wake }
  return {
    resolvers: createPolicyResolvers({
      views,
      proposePolicy: createProposePolicy({ ...changing, readPolicyText }),
      publishPolicy: createPublishPolicy(changing),
      rollbackPolicy: createRollbackPolicy(changing),
      tryPolicy: createTryPolicy(changing),
      now,
    }),
    createLoaders: () => createPolicyLoaders(views),
  }
}
