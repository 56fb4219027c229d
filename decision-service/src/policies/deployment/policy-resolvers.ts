import type { PageArguments } from '@redress/shared/connection.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { PolicyVersion } from '../../domain/decision.ts'
import { PolicyNotFoundError } from '../errors.ts'
import type { PolicyFile } from './policy.ts'
import { checkFiles } from './policy-arguments.ts'
import { type Deployment, deploymentInForce } from './policy-deployment.ts'
import type { PolicyLoaders } from './policy-loaders.ts'
import type { PolicyTrial } from './policy-trial.ts'
import type { PolicyOutline, PolicyViews } from './ports.ts'
import type { ProposePolicy } from './propose-policy.ts'
import type { PublishPolicy } from './publish-policy.ts'
import type { RollbackPolicy } from './rollback-policy.ts'
import type { StartTrialCommand, TryPolicy } from './try-policy.ts'

type Context = RequestContext<PolicyLoaders>
type BySkill = Readonly<{ skill: string }>
type Dependencies = Readonly<{
  views: PolicyViews
  proposePolicy: ProposePolicy
  publishPolicy: PublishPolicy
  rollbackPolicy: RollbackPolicy
  tryPolicy: TryPolicy
  now: Clock
}>

/**
 * GraphQL on one side, policies and their versions on the other. A policy is known by its name; the rest is read when
 * asked for.
 */
export function createPolicyResolvers(dependencies: Dependencies) {
  const { views, now } = dependencies
  const inForce = async ({ skill }: BySkill, { loaders }: Context): Promise<PolicyOutline> => {
    const deployment = deploymentInForce(await loaders.policyDeployments.load(skill), now())
    const found = deployment && (await loaders.policyOutlines.load(deployment.digest))
    if (!found) throw new PolicyNotFoundError(skill)
    return found
  }
  const fromInForce =
    <Field extends keyof PolicyOutline>(field: Field) =>
    async (policy: BySkill, _: unknown, context: Context) =>
      (await inForce(policy, context))[field]

  return {
    Query: {
      policies: async () => (await views.skills()).map((skill) => ({ skill })),
      policy: async (_: unknown, { skill }: BySkill, { loaders }: Context) =>
        (await loaders.policyDeployments.load(skill)).length > 0 ? { skill } : null,
    },
    Mutation: mutationsOf(dependencies),
    Policy: {
      serves: fromInForce('serves'),
      description: fromInForce('description'),
      maxAmount: fromInForce('maxAmount'),
      inForce: (policy: BySkill, _: unknown, context: Context) => inForce(policy, context),
      deployments: ({ skill }: BySkill, page: PageArguments) => views.pageOfDeployments(skill, page),
      versions: ({ skill }: BySkill, page: PageArguments) => views.pageOfVersions(skill, page),
      trial: ({ skill }: BySkill) => views.findTrial(skill),
    },
    PolicyVersion: {
      author: async ({ digest }: PolicyVersion, _: unknown, { loaders }: Context) =>
        (await loaders.policyOutlines.load(digest))?.author ?? null,
      createdAt: async ({ digest }: PolicyVersion, _: unknown, { loaders }: Context) =>
        (await loaders.policyOutlines.load(digest))?.createdAt ?? null,
      files: ({ digest }: PolicyVersion, _: unknown, { loaders }: Context) => loaders.policyFiles.load(digest),
    },
    PolicyDeployment: { policy: toVersion },
    PolicyTrial: { candidate: toVersion },
  }
}

function mutationsOf({ proposePolicy, publishPolicy, rollbackPolicy, tryPolicy }: Dependencies) {
  return {
    proposePolicy: async (_: unknown, { input }: Argument<ProposeArgument>, context: Context) => ({
      policy: await proposePolicy({ ...input, files: checkFiles(input.files), cause: causeOf(context) }),
    }),
    publishPolicy: async (_: unknown, { input }: Argument<PublishArgument>, context: Context) => {
      const { skill, digest, effectiveFrom = null } = input
      return toPayload(await publishPolicy({ skill, digest, effectiveFrom, cause: causeOf(context) }), context)
    },
    rollbackPolicy: async (_: unknown, { input }: Argument<RollbackArgument>, context: Context) => {
      const { skill, digest = null, reason } = input
      return toPayload(await rollbackPolicy({ skill, digest, reason, cause: causeOf(context) }), context)
    },
    startPolicyTrial: async (_: unknown, { input }: Argument<TrialArgument>, context: Context) => {
      const { share = null, ...rest } = input
      const { skill } = await tryPolicy.start({ ...rest, share, cause: causeOf(context) })
      return { policy: { skill } }
    },
    endPolicyTrial: async (_: unknown, { skill }: BySkill, context: Context) => {
      await tryPolicy.end({ skill, cause: causeOf(context) })
      return { policy: { skill } }
    },
  }
}

type Argument<Input> = Readonly<{ input: Input }>
type ProposeArgument = Readonly<{ skill: string; files: readonly PolicyFile[] }>
type PublishArgument = Readonly<{ skill: string; digest: string; effectiveFrom?: Date | null }>
type RollbackArgument = Readonly<{ skill: string; digest?: string | null; reason: string }>
type TrialArgument = Omit<StartTrialCommand, 'share' | 'cause'> & Readonly<{ share?: number | null }>

/** The values that the same request read before have changed. */
function toPayload(deployment: Deployment, { loaders }: Context) {
  loaders.policyDeployments.clear(deployment.skill)
  return { policy: { skill: deployment.skill }, deployment }
}

function toVersion({ skill, version, digest }: Deployment | PolicyTrial): PolicyVersion {
  return { skill, version, digest }
}
