import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { FIELDS, type FieldDefinition, type SubscriptionField } from '../fields.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription } from '../prepared-subscription.ts'

/** The events that a subscription wants and may see. */
export type Interest = Readonly<{
  /** The arguments of the field that events are compared with: any of the values. */
  filters: readonly (readonly [argument: string, values: readonly string[]])[]
  /** The only owner whose events may be seen; null: all. */
  onlyOwnOf: string | null
}>

/** @throws ForbiddenError if the principal may see no event of this field. */
export function interestOf({ field, args }: PreparedSubscription, principal: Principal): Interest {
  const given = Object.entries(args).filter(([name, value]) => name !== 'after' && value != null)
  return {
    filters: given.map(([name, value]) => [name, (Array.isArray(value) ? value : [value]).map(String).sort()]),
    onlyOwnOf: ownerOf(field, principal),
  }
}

function ownerOf(field: SubscriptionField, principal: Principal): string | null {
  const { permission, permissionForAll = permission, owner }: FieldDefinition = FIELDS[field]
  if (reachOf(principal, permissionForAll) === 'all') return null
  const reach = reachOf(principal, permission)
  if (owner === 'principal' && reach === 'all') return principal.id
  if (owner === 'customer' && reach === 'own') return principal.customerId
  throw new ForbiddenError(`${permission}:*`)
}

/** Pure and cheap: called for every event and group. */
export function isOfInterest({ filters, onlyOwnOf }: Interest, event: StreamEvent): boolean {
  return (
    (onlyOwnOf === null || onlyOwnOf === event.owner) &&
    filters.every(([name, values]) => values.includes(event.filters[name] ?? ''))
  )
}
