import { readFileSync } from 'node:fs'
import { operationFromDocument, Supergraph } from '@apollo/federation-internals'
import { buildOperationContext, executeQueryPlan, type GraphQLDataSource } from '@apollo/gateway'
import {
  type FetchNode,
  type PlanNode,
  type QueryPlan,
  QueryPlanner,
  type SubscriptionNode,
} from '@apollo/query-planner'
import {
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  parse,
  validate,
} from 'graphql'
import type { Caller } from '../../src/access/caller.ts'
import type { SubscriptionField } from '../../src/subscriptions/fields.ts'
import type { GraphqlRequest, Preparation, StreamedOperations } from '../../src/subscriptions/prepared-subscription.ts'
import { argumentsOf, keyOf, rootFieldOf } from '../../src/subscriptions/root-field.ts'

const SUPERGRAPH = readFileSync(new URL('../../supergraph.graphql', import.meta.url), 'utf8')

type Sources = Readonly<Record<string, GraphQLDataSource>>

/** Plans by Apollo's planner, runs by Apollo's executor: what the gateway does, as small as it can be. */
export function createPlannedOperations(sources: Sources) {
  schemas ??= buildSchemas()
  const { planner, apiSchema, schema, superSchema, eventsSchema } = schemas
  const done = { prepared: 0, answered: 0 }

  const run = async (plan: QueryPlan, services: Sources, document: DocumentNode, request: GraphqlRequest) => {
    const operationName = request.operationName ?? undefined
    const requestContext = {
      request: { variables: request.variables ?? {}, operationName },
      document,
      context: {},
      metrics: {},
      logger: console,
    }
    const operationContext = buildOperationContext({
      schema,
      operationDocument: document,
      ...(operationName !== undefined && { operationName }),
    })
    const { data, errors } = await executeQueryPlan(
      plan,
      services,
      requestContext as never,
      operationContext,
      superSchema,
      apiSchema,
    )
    return JSON.stringify({ ...(errors && { errors }), data: data ?? null })
  }

  const prepare = async (request: GraphqlRequest, { scope }: Caller): Promise<Preparation> => {
    done.prepared++
    const document = readDocument(schema, request)
    if (Array.isArray(document)) return { ok: false, errors: document.map((error) => error.toJSON()) }
    const operation = getOperationAST(document, request.operationName)!
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables ?? {})
    if (coerced.errors) return { ok: false, errors: coerced.errors.map((error) => error.toJSON()) }
    const root = rootFieldOf(document, operation.selectionSet)
    const field = root.name.value as SubscriptionField
    const { primary, rest } = planner.buildQueryPlan(operationFromDocument(apiSchema, document))
      .node as SubscriptionNode
    const nodes: PlanNode[] = rest ? [primary, rest] : [primary]
    const plan: QueryPlan = { kind: 'QueryPlan', node: { kind: 'Sequence', nodes } }

    return {
      ok: true,
      subscription: {
        field,
        args: argumentsOf(schema, root, coerced.coerced),
        key: keyOf(document, root, request, scope),
        answer(event) {
          done.answered++
          const events = createEventSource(eventsSchema, primary, { [field]: event })
          return run(plan, { ...sources, gateway: events }, document, request)
        },
      },
    }
  }

  const operations: StreamedOperations = {
    prepare,
    async runOnce(request) {
      const document = readDocument(schema, request)
      if (Array.isArray(document)) return JSON.stringify({ errors: document })
      return run(planner.buildQueryPlan(operationFromDocument(apiSchema, document)), sources, document, request)
    },
  }
  return { operations, done }
}

/** Built once: it takes longer than most tests. */
let schemas: ReturnType<typeof buildSchemas> | null = null

function buildSchemas() {
  const supergraph = Supergraph.build(SUPERGRAPH)
  const apiSchema = supergraph.apiSchema()
  return {
    apiSchema,
    planner: new QueryPlanner(supergraph),
    schema: apiSchema.toGraphQLJSSchema(),
    superSchema: supergraph.schema.toGraphQLJSSchema(),
    eventsSchema: supergraph.subgraphs().get('gateway')!.schema.toGraphQLJSSchema(),
  }
}

function readDocument(schema: GraphQLSchema, { query, operationName }: GraphqlRequest): DocumentNode | GraphQLError[] {
  try {
    const document = parse(query)
    const errors = validate(schema, document)
    if (errors.length > 0) return [...errors]
    return getOperationAST(document, operationName) ? document : [new GraphQLError('There is no such operation.')]
  } catch (error) {
    return [error as GraphQLError]
  }
}

/** The part of the plan that the subgraph `events` would answer: the event itself, with the aliases asked for. */
function createEventSource(schema: GraphQLSchema, primary: FetchNode, rootValue: object): GraphQLDataSource {
  return {
    process: async ({ request }) => {
      const document = parse(request.query ?? primary.operation)
      return (await execute({ schema, document, rootValue, variableValues: request.variables ?? {} })) as never
    },
  }
}
