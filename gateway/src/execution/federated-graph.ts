import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway'
import type { ApolloServerOptionsWithGateway } from '@apollo/server'
import type { Logger } from '@redress/shared/logger.ts'
import { execute, GraphQLError } from 'graphql'
import { isIntrospection } from '../operations/introspection.ts'
import type { OperationContext } from './operation-context.ts'

export type FederatedGraph = ApolloServerOptionsWithGateway<OperationContext>['gateway']
type Executor = NonNullable<Awaited<ReturnType<FederatedGraph['load']>>['executor']>
type Result = Awaited<ReturnType<Executor>>

export type GraphOptions = Readonly<{
  supergraph: string
  sources: Readonly<Record<string, GraphQLDataSource>>
  logger: Logger
}>

/** Plans each operation over the subgraphs and runs the plan. The supergraph is fixed: no subgraph is asked at start. */
export function createFederatedGraph({ supergraph, sources, logger }: GraphOptions): FederatedGraph {
  // Read by the constructor below. Otherwise each gateway would send usage figures to its maker.
  process.env.APOLLO_TELEMETRY_DISABLED = 'true'
  const apollo = new ApolloGateway({
    supergraphSdl: supergraph,
    buildService: ({ name }) => sources[name]!,
    // Composition has checked it.
    validateSupergraph: false,
    // Off, or any client could ask for the plan of its operation by a header.
    __exposeQueryPlanExperimental: false,
    logger: logger.child({}, { level: 'warn' }),
  })

  return {
    onSchemaLoadOrUpdate: (callback) => apollo.onSchemaLoadOrUpdate(callback),
    load: async (options) => {
      const { executor } = await apollo.load(options)
      return { executor: withoutSurprises(executor as Executor) }
    },
    stop: () => apollo.stop(),
  }
}

/** Apollo's executor, but for the three cases in which its answer is not what GraphQL says. */
function withoutSurprises(executePlan: Executor): Executor {
  return async (request) => {
    const { document, operation, schema } = request
    const { operationName, variables } = request.request
    if (!operation) return { errors: [new GraphQLError('The document has no such operation.')] }

    // The planner knows an older introspection, without `isOneOf`.
    if (isIntrospection(operation, document)) {
      const named = operationName === undefined ? {} : { operationName }
      return execute({ schema, document, variableValues: variables, ...named })
    }
    return withCompletionErrors(await executePlan(request))
  }
}

/** A null that the schema forbids is an error of the answer; Apollo would only mention it among the extensions. */
function withCompletionErrors(result: Result): Result {
  const { extensions: { valueCompletion, ...extensions } = {}, ...answer } = result
  if (!Array.isArray(valueCompletion)) return result
  const errors = [...(answer.errors ?? []), ...(valueCompletion as GraphQLError[])]
  return { ...answer, errors, ...(Object.keys(extensions).length > 0 && { extensions }) }
}
