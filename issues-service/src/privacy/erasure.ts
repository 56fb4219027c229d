import { ACTORS } from '@redress/shared/access/actors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import type { ErasureConfirmed } from '@redress/shared/events/erasure-data.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'

/** The subgraphs beside this one that hold something of a customer. Each confirms by events that it has erased its part. */
export const OTHER_SUBGRAPHS = ['decisions', 'audit'] as const satisfies readonly OtherSubgraph[]
type OtherSubgraph = ErasureConfirmed['subgraph']

/** The last issue that was erased, in the order of their creation. */
export type ErasedUpTo = Readonly<{ createdAt: Date; id: string }>

/**
 * The erasure of a customer. The personal data is gone with the request; the texts of the issues follow in parts of at
 * most PART_ISSUES issues, each with an event that the other subgraphs erase by and confirm.
 */
export type Erasure = Readonly<{
  /** The id of the customer, who is erased once only. */
  id: string
  /** That of the request. */
  tenant: string
  /** Masked. */
  reason: string
  requestedBy: string
  requestedAt: Date
  requestId: string | null
  /** The number of parts so far, and of the issues in them. */
  parts: number
  issues: number
  erasedUpTo: ErasedUpTo | null
  /** When the last part was erased here; null before that. */
  erasedAt: Date | null
  /** The numbers of the parts that each subgraph has confirmed. */
  confirmed: Readonly<Record<OtherSubgraph, readonly number[]>>
  /** When each subgraph had confirmed all parts; null before that. */
  confirmedAt: Readonly<Record<OtherSubgraph, Date | null>>
  /** When all subgraphs had; null before that. */
  completedAt: Date | null
  /** The moment of its last event. */
  updatedAt: Date
}>

/** A new state and the events that explain it. They are stored together or not at all. */
export type ErasureChange = Readonly<{ erasure: Erasure; events: readonly DomainEvent[] }>

/** An event has at most so many ids. */
export const PART_ISSUES = 500

/**
 * The texts are erased this long after the request. Since the request no issue can be created, and a transaction that
 * began before it has ended by then (MongoDB ends one after a minute).
 */
export const SETTLE_MS = 2 * MINUTE_MS

type Request = Readonly<{ customerId: string; reason: string; cause: Cause; now: Date }>

export function openErasure({ customerId, reason, cause, now }: Request): Erasure {
  return {
    ...{
      id: customerId,
      tenant: cause.tenant,
      reason,
      requestedBy: cause.actor,
      requestedAt: now,
      requestId: cause.requestId,
    },
    ...{ parts: 0, issues: 0, erasedUpTo: null, erasedAt: null },
    confirmed: { decisions: [], audit: [] },
    confirmedAt: { decisions: null, audit: null },
    ...{ completedAt: null, updatedAt: now },
  }
}

/**
 * The state after the texts of some issues were erased.
 * @param issues in the order of their creation; fewer than PART_ISSUES are the last ones.
 */
export function erasePart(erasure: Erasure, issues: readonly ErasedUpTo[], now: Date): ErasureChange {
  const { id, tenant, requestId } = erasure
  const at = momentAfter(erasure.updatedAt, now)
  const part = erasure.parts + 1
  const last = issues.length < PART_ISSUES
  const event = newEvent('customer.erased', {
    ...{ id: `${id}-erased-${part}`, at, cause: { actor: ACTORS.issues, tenant, requestId, ip: null } },
    entity: { type: 'Customer', id },
    changes: { erasedIssues: { before: erasure.issues, after: erasure.issues + issues.length } },
    data: { part, issueIds: issues.map((issue) => issue.id) },
  })
  const erased = {
    ...{ ...erasure, parts: part, issues: erasure.issues + issues.length, updatedAt: at },
    erasedUpTo: issues.at(-1) ?? erasure.erasedUpTo,
    erasedAt: last ? at : null,
  }
  return { erasure: settle(erased, at), events: [event] }
}

/** The state after a subgraph has confirmed a part. Confirming it again changes nothing. */
export function confirmPart(erasure: Erasure, { subgraph, part }: ErasureConfirmed, now: Date): Erasure {
  const parts = erasure.confirmed[subgraph]
  if (parts.includes(part)) return erasure
  return settle({ ...erasure, confirmed: { ...erasure.confirmed, [subgraph]: [...parts, part] } }, now)
}

/** Notes which subgraphs have confirmed everything, once it is known how much that is. */
function settle(erasure: Erasure, at: Date): Erasure {
  const { erasedAt, parts, confirmed } = erasure
  if (erasedAt === null) return erasure
  const confirmedAt = { ...erasure.confirmedAt }
  for (const subgraph of OTHER_SUBGRAPHS) {
    if (confirmed[subgraph].length === parts) confirmedAt[subgraph] ??= at
  }
  const isComplete = OTHER_SUBGRAPHS.every((subgraph) => confirmedAt[subgraph] !== null)
  return { ...erasure, confirmedAt, completedAt: isComplete ? (erasure.completedAt ?? at) : null }
}
