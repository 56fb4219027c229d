import { randomUUID } from 'node:crypto'
import { AppError } from '@redress/shared/errors.ts'
import { admit } from '../access/admit.ts'
import type { Caller } from '../access/caller.ts'
import type { RateLimiter } from '../access/rate-limit.ts'
import { Cancellation } from '../execution/cancellation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { toOperationRequest } from '../operations/operation-request.ts'
import { toGraphqlError } from '../operations/public-error.ts'
import { RefusedOperationError } from '../operations/refusal.ts'
import type { LiveOperation, Operations } from '../operations/run-operation.ts'
import type { SubscriptionField } from './fields.ts'
import type { GraphqlRequest, Preparation, PreparedSubscription, StreamedOperations } from './prepared-subscription.ts'
import { argumentsOf, keyOf, rootFieldOf } from './root-field.ts'

export type StreamedOperationsOptions = Readonly<{
  operations: Operations
  limiter: RateLimiter
  /** Time limit of one operation, or of the answer to one event. */
  timeoutMs: number
}>

/** Prepares and runs operations that arrive over a streaming transport, under the same rules as any other operation. */
export function createStreamedOperations(options: StreamedOperationsOptions): StreamedOperations {
  const { operations, limiter, timeoutMs } = options
  const startContext = (caller: Caller, request: GraphqlRequest) =>
    toContext(caller, request, performance.now() + timeoutMs)

  return {
    async prepare(request, caller) {
      try {
        await admit(limiter, caller, 'general')
        const operation = await operations.prepareSubscription(toOperationRequest(request), caller)
        const subscription = toSubscription(operation, request, caller, () => startContext(caller, request))
        return { ok: true, subscription }
      } catch (error) {
        return toRefusal(error)
      }
    },
    async runOnce(request, caller) {
      await admit(limiter, caller, 'general')
      return await operations.run(toOperationRequest(request), startContext(caller, request))
    },
  }
}

function toContext(caller: Caller, { clientIp = 'unknown' }: GraphqlRequest, endsAt: number): OperationContext {
  return {
    caller,
    requestId: randomUUID(),
    clientIp,
    traceparent: null,
    cancellation: new Cancellation(),
    endsAt,
    event: null,
    observed: { operationName: null, operationType: null, codes: [], isRefused: false },
  }
}

function toSubscription(
  operation: LiveOperation,
  request: GraphqlRequest,
  { scope }: Caller,
  startContext: () => OperationContext,
): PreparedSubscription {
  const { document, operation: definition, schema } = operation.prepared
  const root = rootFieldOf(document, definition.selectionSet)
  const field = root.name.value as SubscriptionField
  return {
    field,
    args: argumentsOf(schema, root, operation.coerced),
    key: keyOf(document, root, request, scope),
    answer(event, signal) {
      const context = { ...startContext(), event: { [field]: event } }
      signal.addEventListener('abort', () => context.cancellation.cancel(), { once: true })
      return operation.run(context)
    },
  }
}

function toRefusal(error: unknown): Preparation {
  if (error instanceof RefusedOperationError) return { ok: false, errors: error.errors }
  if (!(error instanceof AppError)) throw error
  return { ok: false, errors: [toGraphqlError(error)] }
}
