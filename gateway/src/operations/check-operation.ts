import type { Principal } from '@redress/shared/access/permissions.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { OperationTypeNode } from 'graphql'
import type { Row } from '../execution/json.ts'
import type { PreparedDocument } from './documents/prepare-document.ts'
import { checkDepth } from './limits/check-shape.ts'
import { checkVariables } from './limits/check-variables.ts'
import { QueryTooCostlyError } from './limits/errors.ts'
import { type Presets, presetOf } from './limits/presets.ts'
import { isDenied } from './permissions.ts'
import { refusal } from './refusal.ts'

const READ_SCHEMA = 'schema:read:*'

export type Rules = Readonly<{
  introspection: boolean
  presets: Presets
  onCost: (cost: number, preset: string) => void
}>

export type Checked = Readonly<{
  /** The variables as all that follows takes them. */
  variables: Row
  /** The same as the types of their definitions take them, with defaults. */
  coerced: Row
  spent: Readonly<{ cost: number; limit: number }>
}>

/**
 * Checks an operation against the limits of a principal's roles.
 * @throws RefusedOperationError, ForbiddenError, QueryTooLargeError, QueryTooDeepError, QueryTooCostlyError,
 * UnusableVariablesError
 */
export function checkOperation(
  { introspects, shape, costOf, explain, readVariables, coerce }: PreparedDocument,
  principal: Principal,
  given: Row,
  { introspection, presets, onCost }: Rules,
): Checked {
  if (introspects && !introspection) {
    throw refusal('GRAPHQL_VALIDATION_FAILED', 'This gateway does not show its schema.')
  }
  if (introspects && isDenied(principal, READ_SCHEMA)) throw new ForbiddenError(READ_SCHEMA)
  const preset = presetOf(principal.roles, presets)
  // All other limits of its shape were checked when it was prepared.
  checkDepth(shape, preset)
  checkVariables(given)
  const variables = readVariables(given)
  const coerced = coerce(variables)
  const cost = costOf(variables)
  onCost(cost, preset.name)
  if (cost > preset.costMax) throw new QueryTooCostlyError({ ...explain(variables), limit: preset.costMax })
  return { variables, coerced, spent: { cost, limit: preset.costMax } }
}

/** @throws RefusedOperationError for a subscription, and for a mutation by GET. */
export function requireSingleAnswer({ type }: PreparedDocument, readOnly: boolean): void {
  if (type === OperationTypeNode.SUBSCRIPTION) {
    throw refusal('BAD_REQUEST', 'Subscriptions are answered over WebSocket or server-sent events.')
  }
  if (readOnly && type === OperationTypeNode.MUTATION) {
    throw refusal('METHOD_NOT_ALLOWED', 'GET can only ask, not change: send a POST.', 405)
  }
}

/** @throws RefusedOperationError for another type of operation. @throws ForbiddenError */
export function requireSubscription({ type, deniedAtRoot }: PreparedDocument, principal: Principal): void {
  if (type !== OperationTypeNode.SUBSCRIPTION) throw refusal('BAD_REQUEST', 'This is not a subscription.')
  const [denied] = deniedAtRoot(principal)
  if (denied !== undefined) throw new ForbiddenError(denied)
}
