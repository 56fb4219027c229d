import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { OperationTypeNode } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { RateGroup } from '../access/rate-limit.ts'
import type { OperationResult } from '../execution/operation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { type Showing, toAnswerText, withCost } from './answer-text.ts'
import { checkOperation, type Rules, requireSingleAnswer, requireSubscription } from './check-operation.ts'
import type { PersistedDocuments } from './documents/persisted-documents.ts'
import type { PreparedDocument } from './documents/prepare-document.ts'
import { createPreparedDocuments, type PreparedDocuments } from './documents/prepared-documents.ts'
import type { Graph } from './graph.ts'
import { PRESETS } from './limits/presets.ts'
import type { OperationRequest } from './operation-request.ts'
import type { ShowsMessagesOf } from './public-error.ts'

/** Clients choose the names of operations, so their length in the log is bounded. */
const LOGGED_NAME_MAX = 100

export type Operations = Readonly<{
  /** Answers with the result as JSON text. @throws RefusedOperationError, AppError if the operation is not run. */
  run: (request: OperationRequest, context: OperationContext, options?: RunOptions) => Promise<string>
  /** Everything up to running a subscription, which is done for each event. @throws RefusedOperationError, AppError */
  prepareSubscription: (request: OperationRequest, caller: Caller) => Promise<LiveOperation>
  /** Answers by another graph from now on; running operations end by the one that they began with. */
  replaceGraph: (graph: Graph) => void
  documents: Pick<PreparedDocuments, 'warmUp' | 'texts'>
}>

export type RunOptions = Readonly<{
  /** Whether mutations are refused, as for GET. */
  readOnly?: boolean
  /** Whether the answer includes the cost. */
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
  /** Counts an operation for a rate-limit group of its fields. @throws RateLimitedError */
  admit?: (caller: Caller, group: RateGroup) => unknown
  /** Called for each root field of a mutation that was refused for want of a permission. */
  onDenied?: (context: OperationContext, permission: string | null) => void
  onLookup?: (result: 'hit' | 'miss' | 'evicted') => void
  /** Whether callers see messages of a subgraph that have no code; by default of none. */
  showsMessagesOf?: ShowsMessagesOf
  logger: Logger
}> &
  Pick<Rules, 'introspection'> &
  Partial<Rules>

/** Parses, checks, plans and runs operations. Work that depends on the document alone is done once per document. */
export function createOperations(options: OperationsOptions): Operations {
  const { introspection, admit = () => {}, onDenied = () => {}, presets = PRESETS, onCost = () => {}, logger } = options
  const rules: Rules = { introspection, presets, onCost }
  const documents = createPreparedDocuments({ ...options, hideSuggestions: !introspection })
  const { showsMessagesOf = () => false } = options
  const engine: Engine = { documents, rules, admit, onDenied, logger, showsMessagesOf }
  return {
    run: (request, context, runOptions = {}) => run(engine, request, context, runOptions),
    prepareSubscription: (request, caller) => prepareSubscription(engine, request, caller),
    replaceGraph: documents.replaceGraph,
    documents,
  }
}

type Engine = Readonly<{ documents: PreparedDocuments; rules: Rules }> &
  Required<Pick<OperationsOptions, 'admit' | 'onDenied'>> &
  Showing

async function run(
  { documents, rules, admit, onDenied, ...showing }: Engine,
  request: OperationRequest,
  context: OperationContext,
  options: RunOptions,
): Promise<string> {
  const prepared = documents.prepare(request)
  observe(prepared, context)
  requireSingleAnswer(prepared, options.readOnly ?? false)
  const { caller } = context
  const { variables, coerced, spent } = checkOperation(prepared, caller.principal, request.variables, rules)
  for (const group of prepared.rateGroups) await admit(caller, group)
  const runnable = prepared.runFor(caller.principal, coerced)
  const runPrepared = runnable instanceof Promise ? await runnable : runnable
  const result = await runPrepared({ variables, coerced, context })
  if (prepared.type === OperationTypeNode.MUTATION) {
    for (const permission of deniedIn(result)) onDenied(context, permission)
  }
  const text = toAnswerText(result, context, showing)
  return options.withCost ? withCost(text, { ...spent, ...prepared.explain(variables) }) : text
}

/** The missing permission of each root field that was refused, by the gateway or by a subgraph; null if it is not named. */
function deniedIn({ errors }: OperationResult): readonly (string | null)[] {
  return errors.flatMap(({ path, extensions }) => {
    if (path?.length !== 1 || extensions?.code !== ('FORBIDDEN' satisfies ErrorCode)) return []
    const { permission } = extensions
    return [typeof permission === 'string' && PERMISSION.test(permission) ? permission : null]
  })
}

/** A foreign subgraph could send any text. */
const PERMISSION = /^[\w:*]{1,100}$/

async function prepareSubscription(
  { documents, rules, logger, showsMessagesOf }: Engine,
  request: OperationRequest,
  { principal }: Caller,
): Promise<LiveOperation> {
  const prepared = documents.prepare(request)
  const { variables, coerced } = checkOperation(prepared, principal, request.variables, rules)
  requireSubscription(prepared, principal)
  const runPrepared = await prepared.runFor(principal, coerced)
  const showing = { logger, showsMessagesOf }
  return {
    prepared,
    coerced,
    run: async (context) => toAnswerText(await runPrepared({ variables, coerced, context }), context, showing),
  }
}

function observe({ name, type }: PreparedDocument, { observed }: OperationContext): void {
  observed.operationName = name?.slice(0, LOGGED_NAME_MAX) ?? null
  observed.operationType = type
}
