import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { FIELDS, type SubscriptionField } from '../fields.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription } from '../prepared-subscription.ts'

/** The events that a subscription wants and may see; null means all. */
export type Interest = Readonly<{
  issueId: string | null
  customerId: string | null
  to: readonly string[] | null
  /** The only customer whose events may be seen. */
  onlyOwnOf: string | null
}>

/** @throws ForbiddenError if the principal may see no event of this field. */
export function interestOf({ field, args }: PreparedSubscription, principal: Principal): Interest {
  return {
    issueId: textOf(args.issueId),
    customerId: textOf(args.customerId),
    to: Array.isArray(args.to) ? [...(args.to as string[])].sort() : null,
    onlyOwnOf: ownerOf(field, principal),
  }
}

function ownerOf(field: SubscriptionField, principal: Principal): string | null {
  const { permission, isOwned } = FIELDS[field]
  const reach = reachOf(principal, permission)
  if (reach === 'all') return null
  // Events that name no customer cannot be limited to those of the caller.
  if (reach === 'none' || !isOwned) throw new ForbiddenError(`${permission}:*`)
  return principal.customerId
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value)
}

/** Pure and cheap: called for every event and group. */
export function isOfInterest({ issueId, customerId, to, onlyOwnOf }: Interest, event: StreamEvent): boolean {
  return (
    (issueId === null || issueId === event.issueId) &&
    (customerId === null || customerId === event.customerId) &&
    (to === null || (event.to !== null && to.includes(event.to))) &&
    (onlyOwnOf === null || onlyOwnOf === event.customerId)
  )
}
