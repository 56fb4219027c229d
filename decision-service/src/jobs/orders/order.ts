import { randomUUID } from 'node:crypto'
import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import { ForbiddenError, type InputProblem, refuseProblems } from '@redress/shared/errors.ts'
import { InvalidValue } from '@redress/shared/subgraph/invalid-value.ts'
import { type } from 'arktype'
import { JobTypeNotAddableError, JobTypeNotFoundError, QueueNotFoundError } from '../errors.ts'
import type { JobDefinition, Registry } from '../frame/job-definition.ts'
import { isQueueName } from '../frame/queues.ts'
import { keyedJobId, newJobId } from './job-id.ts'

/** A job to be added. */
export type Order = Readonly<{
  type: string
  /** That of the type; anything else is refused. */
  queue?: string | null
  data: object
  /** The tick of a schedule, where the data may depend on it. */
  tick?: Date
  /** 1 to 10, the most urgent. Default: that of the type. */
  priority?: number | null
  /** 0 to 24 days. */
  delayMs?: number | null
  /** 1 to 10. Default: that of the type. */
  attempts?: number | null
  /** Orders of one caller with equal types and keys are one job. */
  idempotencyKey?: string | null
  parentId?: string | null
  /** Problems that its fields have by the schema of the API, with paths in the order: all are reported at once. */
  problems?: readonly InputProblem[]
}>

/** The origin of an order: a caller may order only some types, and shares no idempotency key with another one. */
export type Orderer = Readonly<{ actor: string; caller: Principal | null }>

/** A checked order. */
export type Plan = Readonly<{
  id: string
  definition: JobDefinition
  type: string
  data: object
  priority: number
  attempts: number
  dueAt: Date | null
  parentId: string | null
  /** The key that the caller gave. */
  givenKey: string | null
}>

export const DELAY_MS_MAX = 24 * 24 * 60 * 60 * 1000
const DATA_BYTES_MAX = 64 * 1024
const KEY_MAX = 200

type Context = Readonly<{ registry: Registry; orderer: Orderer; now: Date; path: readonly string[] }>

/**
 * Checks an order against the registry.
 * @param context.path the place of the order in the arguments, for the messages.
 * @throws JobTypeNotFoundError, QueueNotFoundError, JobTypeNotAddableError, ForbiddenError; BadUserInputError with every
 * problem of the order.
 */
export function planJob(order: Order, { registry, orderer, now, path }: Context): Plan {
  const { type: name, idempotencyKey: givenKey = null } = order
  const definition = Object.hasOwn(registry, name) ? registry[name] : undefined
  if (order.queue != null && !isQueueName(order.queue)) throw new QueueNotFoundError(order.queue)
  if (definition === undefined) {
    const types = Object.entries(registry).filter(([, { addable }]) => addable || orderer.caller === null)
    throw new JobTypeNotFoundError(
      name,
      types.map(([type]) => type),
    )
  }
  if (orderer.caller !== null) refuseCaller(orderer.caller, name, definition)
  const found = [...(order.problems ?? []), ...problemsOf(order, definition)]
  if (found.length > 0) refuseProblems(uniqueByPath(found).map((one) => ({ ...one, path: [...path, ...one.path] })))

  const { queue, priority, retry, keyOf, ofTick } = definition
  const data = (order.tick && ofTick?.(order.data, order.tick)) ?? order.data
  // A key of a caller says nothing about the jobs of another one. Both may have spaces: as JSON they stay apart.
  const key = givenKey === null ? keyOf?.(data) : JSON.stringify([orderer.actor, givenKey])
  return {
    id: key === undefined ? newJobId(queue, randomUUID()) : keyedJobId(queue, name, key),
    ...{ definition, type: name, data, givenKey },
    priority: order.priority ?? priority,
    attempts: order.attempts ?? retry.attempts,
    dueAt: order.delayMs ? new Date(now.getTime() + order.delayMs) : null,
    parentId: order.parentId ?? null,
  }
}

/** @throws JobTypeNotAddableError, ForbiddenError */
function refuseCaller(caller: Principal, name: string, { addable, permission }: JobDefinition): void {
  if (!addable) throw new JobTypeNotAddableError(name)
  if (permission !== null && reachOf(caller, permission) !== 'all') throw new ForbiddenError(permission)
}

/** A field that two checks refuse has the problem that the first one found. */
export function uniqueByPath(problems: readonly InputProblem[]): readonly InputProblem[] {
  return [...new Map(problems.toReversed().map((one) => [one.path.join('.'), one])).values()].toReversed()
}

function problemsOf(order: Order, { queue, Data }: JobDefinition): readonly InputProblem[] {
  const { priority, delayMs, attempts, idempotencyKey: key } = order
  const problems: InputProblem[] = []
  const refuse = (field: string, message: string) => void problems.push({ path: [field], message })
  if (order.queue != null && order.queue !== queue) refuse('queue', `must be ${queue} for this type`)
  if (!isBetween(priority, 1, 10)) refuse('priority', 'must be an integer from 1 to 10')
  if (!isBetween(delayMs, 0, DELAY_MS_MAX)) refuse('delayMs', `must be an integer from 0 to ${DELAY_MS_MAX}`)
  if (!isBetween(attempts, 1, 10)) refuse('attempts', 'must be an integer from 1 to 10')
  if (key != null && (key.length < 1 || key.length > KEY_MAX)) {
    refuse('idempotencyKey', `must have 1 to ${KEY_MAX} characters`)
  }
  if (Buffer.byteLength(JSON.stringify(order.data)) > DATA_BYTES_MAX) {
    refuse('data', `must be at most ${DATA_BYTES_MAX} bytes`)
  }
  // The schema of the API has refused it already, and nothing more can be said about it.
  const read = order.data instanceof InvalidValue ? order.data : Data(order.data)
  if (!(read instanceof type.errors)) return problems
  const ofData = [...read].map(({ path, expected }) => ({
    path: ['data', ...path.map(String)],
    message: `must be ${expected}`,
  }))
  return [...problems, ...ofData]
}

function isBetween(value: number | null | undefined, min: number, max: number): boolean {
  return value == null || (Number.isInteger(value) && value >= min && value <= max)
}
