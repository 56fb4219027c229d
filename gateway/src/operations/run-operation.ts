import type { Principal } from '@redress/shared/access/permissions.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { type GraphQLFormattedError, OperationTypeNode } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { Row } from '../execution/json.ts'
import type { OperationResult } from '../execution/operation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { createDocumentCache } from './documents.ts'
import type { Graph } from './graph.ts'
import { checkShape } from './limits/check-shape.ts'
import { checkVariables } from './limits/check-variables.ts'
import { QueryTooCostlyError } from './limits/errors.ts'
import { PRESETS, type Presets, presetOf } from './limits/presets.ts'
import type { OperationRequest } from './operation-request.ts'
import { isDenied } from './permissions.ts'
import type { PersistedDocuments } from './persisted-documents.ts'
import { type PreparedDocument, prepareDocument } from './prepare-document.ts'
import { INTERNAL, toPublicError } from './public-error.ts'
import { RefusedOperationError } from './refusal.ts'

/** Whoever writes an operation may name it as they like; the log is ours. */
const LOGGED_NAME_MAX = 100
const READ_SCHEMA = 'schema:read:*'
const NO_INTROSPECTION = 'This gateway does not show its schema.'

/** The answer to one operation: what to send, and with which HTTP status. */
export type Answer = Readonly<{ status: number; text: string }>

export type Operations = Readonly<{
  /** @throws AppError where the request is none. What is wrong with the operation is an answer. */
  run: (request: OperationRequest, context: OperationContext, options?: RunOptions) => Promise<Answer>
  /** Everything up to running it, for what runs at each event. @throws RefusedOperationError, AppError */
  prepareSubscription: (request: OperationRequest, caller: Caller) => LiveOperation
  /** From now on answers by another graph; what runs already ends by the one it began with. */
  replaceGraph: (graph: Graph) => void
}>

export type RunOptions = Readonly<{
  /** True where changing something is not allowed: GET must be safe. */
  readOnly?: boolean
  /** Whether the answer tells what it cost. */
  withCost?: boolean
}>

/** A subscription that may run, once for each event. */
export type LiveOperation = Readonly<{
  prepared: PreparedDocument
  coerced: Readonly<Record<string, unknown>>
  /** The result as JSON text, for `context.event`. */
  run: (context: OperationContext) => Promise<string>
}>

export type OperationsOptions = Readonly<{
  graph: Graph
  persisted: PersistedDocuments
  introspection: boolean
  /** A limit of its own that some fields have. @throws RateLimitedError */
  admit?: (caller: Caller, rootFields: readonly string[]) => void | Promise<void>
  presets?: Presets
  onCost?: (cost: number, preset: string) => void
  onLookup?: (result: 'hit' | 'miss' | 'evicted') => void
  logger: Logger
}>

/** Parses, checks, plans and runs operations. What can be done once for a document is done once. */
export function createOperations(options: OperationsOptions): Operations {
  const { persisted, introspection, admit, presets = PRESETS, onCost = () => {}, onLookup, logger } = options
  let graph = options.graph
  let documents = createDocumentCache(onLookup)

  const prepare = (request: OperationRequest): PreparedDocument => {
    const { operationName } = request
    const text = persisted.textOf(request)
    const known = documents.get(text, operationName)
    if (known) return known
    const prepared = prepareDocument(text, operationName, { graph, hideSuggestions: !introspection })
    documents.add(text, operationName, prepared)
    return prepared
  }

  /** What somebody may ask of the graph in one operation. */
  const check = ({ introspects, shape, costOf, explain }: PreparedDocument, principal: Principal, variables: Row) => {
    if (introspects && !introspection) throw refusal(NO_INTROSPECTION, 'GRAPHQL_VALIDATION_FAILED')
    if (introspects && isDenied(principal, READ_SCHEMA)) throw new ForbiddenError(READ_SCHEMA)
    const preset = presetOf(principal.roles, presets)
    checkShape(shape, preset)
    checkVariables(variables)
    const cost = costOf(variables)
    onCost(cost, preset.name)
    if (cost > preset.costMax) throw new QueryTooCostlyError({ ...explain(variables), limit: preset.costMax })
    return { cost, limit: preset.costMax }
  }

  return {
    async run(request, context, { readOnly = false, withCost = false } = {}) {
      try {
        const prepared = prepare(request)
        context.observed.operationName = prepared.name?.slice(0, LOGGED_NAME_MAX) ?? null
        context.observed.operationType = prepared.type
        demandOnce(prepared, readOnly)
        const { variables } = request
        const spent = check(prepared, context.caller.principal, variables)
        const coerced = prepared.coerce(variables)
        await admit?.(context.caller, prepared.rootFields)
        const result = await prepared.runFor(context.caller.principal)({ variables, coerced, context })
        const text = textOf(result, context, logger)
        return { status: 200, text: withCost ? addCost(text, { ...spent, ...prepared.explain(variables) }) : text }
      } catch (error) {
        if (!(error instanceof RefusedOperationError)) throw error
        context.observed.codes = codesOf(error.errors)
        context.observed.isRefused = true
        return { status: error.status, text: JSON.stringify({ errors: error.errors }) }
      }
    },
    prepareSubscription(request, caller) {
      const prepared = prepare(request)
      check(prepared, caller.principal, request.variables)
      if (prepared.type !== OperationTypeNode.SUBSCRIPTION) throw refusal('This is no subscription.', 'BAD_REQUEST')
      const [denied] = prepared.deniedAtRoot(caller.principal)
      if (denied !== undefined) throw new ForbiddenError(denied)
      const { variables } = request
      const coerced = prepared.coerce(variables)
      const run = prepared.runFor(caller.principal)
      return {
        prepared,
        coerced,
        run: async (context) => textOf(await run({ variables, coerced, context }), context, logger),
      }
    },
    replaceGraph(next) {
      graph = next
      documents = createDocumentCache(onLookup)
    },
  }
}

function addCost(text: string, cost: object): string {
  return `${text.slice(0, -1)},"extensions":{"cost":${JSON.stringify(cost)}}}`
}

function demandOnce({ type }: PreparedDocument, readOnly: boolean): void {
  if (type === OperationTypeNode.SUBSCRIPTION) {
    throw refusal('Subscriptions are answered over WebSocket or server-sent events.', 'BAD_REQUEST')
  }
  if (readOnly && type === OperationTypeNode.MUTATION) {
    throw refusal('GET can only ask, not change: send a POST.', 'METHOD_NOT_ALLOWED', 405)
  }
}

function refusal(message: string, code: string, status = 400): RefusedOperationError {
  return new RefusedOperationError([{ message, extensions: { code } }], status)
}

function textOf({ data, errors }: OperationResult, context: OperationContext, logger: Logger): string {
  if (errors.length === 0) return `{"data":${data}}`
  const shown = errors.map((error) => show(error, context, logger))
  context.observed.codes = codesOf(shown)
  return `{"errors":${JSON.stringify(shown)},"data":${data}}`
}

/** What callers are not shown goes to the log, and they get the request id to ask about it. */
function show(error: GraphQLFormattedError, { requestId }: OperationContext, logger: Logger): GraphQLFormattedError {
  const shown = toPublicError(error)
  if (shown.extensions?.code !== INTERNAL) return shown
  logger.error({ err: error, requestId, subgraph: error.extensions?.serviceName, path: error.path }, 'unexpected error')
  return { ...shown, extensions: { ...shown.extensions, requestId } }
}

function codesOf(errors: readonly GraphQLFormattedError[]): readonly string[] {
  return [...new Set(errors.map(({ extensions }) => String(extensions?.code)))]
}
