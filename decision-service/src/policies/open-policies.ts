import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Db, MongoClient } from 'mongodb'
import { policyCollectionsOf, preparePolicyCollections } from './deployment/policy-documents.ts'
import { openPolicies, type PolicyRegistry } from './in-force/policy-registry.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  db: Db
  outbox: Outbox
  directory: string
  logger: Logger
  resources: AsyncDisposableStack
}>

/** The policies in force: what is in the folder of skills and what was published, whichever came last. */
export async function openPoliciesInForce(dependencies: Dependencies): Promise<PolicyRegistry> {
  const { mongo, db, outbox, directory, logger, resources } = dependencies
  const collections = policyCollectionsOf(db)
  await preparePolicyCollections(collections)
  const policies = await openPolicies({
    directory,
    collections,
    mongo,
    outbox,
    now: () => new Date(),
    onChange: (policy) => logger.info(policy, 'policy in force'),
    onProblem: (err) => logger.error({ err }, 'policy edit refused, the last good version stays in force'),
  })
  resources.defer(() => policies.close())
  return policies
}
