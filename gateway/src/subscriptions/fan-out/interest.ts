import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription, SubscriptionField } from '../prepared-subscription.ts'

/** Which events a subscription wants and may see; null means all. */
export type Interest = Readonly<{
  issueId: string | null
  customerId: string | null
  to: readonly string[] | null
  /** The customer whose events alone may be seen. */
  onlyOwnOf: string | null
}>

const PERMISSIONS: Readonly<Record<SubscriptionField, string>> = {
  issueStatusChanged: 'issue:read',
  decisionMade: 'decision:read',
}

/** @throws ForbiddenError when the principal may see no event of this field. */
export function interestOf({ field, args }: PreparedSubscription, principal: Principal): Interest {
  return {
    issueId: textOf(args.issueId),
    customerId: textOf(args.customerId),
    to: Array.isArray(args.to) ? [...(args.to as string[])].sort() : null,
    onlyOwnOf: limitOf(field, principal),
  }
}

function limitOf(field: SubscriptionField, principal: Principal): string | null {
  const reach = reachOf(principal, PERMISSIONS[field])
  if (reach === 'all') return null
  // A decision does not say whose issue it is about, so nobody can be shown only their own.
  if (reach === 'none' || field === 'decisionMade') throw new ForbiddenError(`${PERMISSIONS[field]}:*`)
  return principal.customerId
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value)
}

/** Pure and cheap: asked for every event and group. */
export function isOfInterest({ issueId, customerId, to, onlyOwnOf }: Interest, event: StreamEvent): boolean {
  return (
    (issueId === null || issueId === event.issueId) &&
    (customerId === null || customerId === event.customerId) &&
    (to === null || (event.to !== null && to.includes(event.to))) &&
    (onlyOwnOf === null || onlyOwnOf === event.customerId)
  )
}
