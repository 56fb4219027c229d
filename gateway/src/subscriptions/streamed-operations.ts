import { createHash, randomUUID } from 'node:crypto'
import { AppError } from '@redress/shared/errors.ts'
import {
  type DocumentNode,
  type FieldNode,
  getArgumentValues,
  Kind,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql'
import type { Caller } from '../access/caller.ts'
import { RateLimitedError } from '../access/errors.ts'
import type { RateLimiter } from '../access/rate-limit.ts'
import { Cancellation } from '../execution/cancellation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { toOperationRequest } from '../operations/operation-request.ts'
import { RefusedOperationError } from '../operations/refusal.ts'
import type { LiveOperation, Operations as RunOperations } from '../operations/run-operation.ts'
import type { GraphqlRequest, Operations, PreparedSubscription, SubscriptionField } from './prepared-subscription.ts'

export type LiveOperationsOptions = Readonly<{
  operations: RunOperations
  limiter: RateLimiter
  /** How long one operation, or the answer to one event, may take. */
  timeoutMs: number
}>

/** Prepares and runs what comes through a socket or a stream, within the same rules as any other operation. */
export function createLiveOperations({ operations, limiter, timeoutMs }: LiveOperationsOptions): Operations {
  const admit = async (caller: Caller) => {
    const verdict = await limiter.consume(caller, 'general')
    if (!verdict.allowed) throw new RateLimitedError(verdict)
  }
  const contextOf = (caller: Caller, request: GraphqlRequest): OperationContext => ({
    caller,
    requestId: randomUUID(),
    clientIp: request.clientIp ?? 'unknown',
    traceparent: null,
    cancellation: new Cancellation(),
    endsAt: performance.now() + timeoutMs,
    event: null,
    observed: { operationName: null, operationType: null, codes: [], isRefused: false },
  })

  return {
    async prepare(request, caller) {
      try {
        await admit(caller)
        const live = operations.prepareSubscription(toOperationRequest(request), caller)
        const field = rootFieldOf(live.prepared.document, live.prepared.operation.selectionSet)
        const name = field.name.value as SubscriptionField
        const subscription: PreparedSubscription = {
          field: name,
          args: argumentsOf(live, field),
          key: keyOf(live.prepared.document, request, caller.scope),
          answer(event, signal) {
            const context = { ...contextOf(caller, request), event: { [name]: event } }
            signal.addEventListener('abort', () => context.cancellation.cancel(), { once: true })
            return live.run(context)
          },
        }
        return { ok: true, subscription }
      } catch (error) {
        if (error instanceof RefusedOperationError) return { ok: false, errors: error.errors }
        if (!(error instanceof AppError)) throw error
        return { ok: false, errors: [{ message: error.message, extensions: { code: error.code, ...error.facts } }] }
      }
    },
    async runOnce(request, caller) {
      await admit(caller)
      const { text } = await operations.run(toOperationRequest(request), contextOf(caller, request))
      return text
    },
  }
}

/** Validation has seen to it that there is one. @throws RefusedOperationError where it may be left out. */
function rootFieldOf(document: DocumentNode, { selections }: SelectionSetNode): FieldNode {
  const [selection] = selections
  if (selection?.directives?.length) {
    const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' }
    throw new RefusedOperationError([{ message: 'The field of a subscription cannot be conditional.', extensions }])
  }
  if (selection?.kind === Kind.FIELD) return selection
  const fragment = document.definitions.find(
    (definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION &&
      selection?.kind === Kind.FRAGMENT_SPREAD &&
      definition.name.value === selection.name.value,
  )
  const inner = selection?.kind === Kind.INLINE_FRAGMENT ? selection : fragment
  return rootFieldOf(document, (inner as { selectionSet: SelectionSetNode }).selectionSet)
}

function argumentsOf({ prepared: { schema }, coerced }: LiveOperation, field: FieldNode) {
  const definition = schema.getSubscriptionType()!.getFields()[field.name.value]!
  return getArgumentValues(definition, field, coerced)
}

/** Neither `after` nor a variable that only it uses changes the answer to an event. */
function keyOf(document: DocumentNode, { operationName, variables }: GraphqlRequest, scope: string): string {
  const used = new Set<string>()
  visit(document, {
    VariableDefinition: () => false,
    Argument: ({ name }) => (name.value === 'after' ? false : undefined),
    Variable: ({ name }) => void used.add(name.value),
  })
  const others = Object.entries(variables ?? {}).filter(([name]) => used.has(name))
  const withoutAfter = visit(document, { Argument: ({ name }) => (name.value === 'after' ? null : undefined) })
  const parts = [print(withoutAfter), operationName ?? null, others, scope]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
