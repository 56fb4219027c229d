import { createCappedStream } from '@redress/shared/events/capped-stream.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { appendTexts } from '@redress/shared/testing/published-events.ts'

type Moved = Readonly<{ id?: string; customerId?: string; to?: string; number?: number; at?: string }>

/** The event that an issue moved; number 1 is that it came in. */
export function issueMoved({ id = 'iss_1', customerId = 'cust_1', to = 'PROCESSING', number = 2, at }: Moved = {}) {
  const data = { customerId, from: 'PENDING', to, decisionId: null }
  return eventOf(id, number, { type: 'issue.status_changed', data, ...(at && { at }) })
}

export function issueCreated({ id = 'iss_1', customerId = 'cust_1' }: Moved = {}) {
  const recentIssues = { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 }
  const customer = { id: customerId, riskScore: 10, accountAgeDays: 100, recentIssues }
  const details = { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 }
  const data = { case: { issueId: id, priority: 'NORMAL', details, customer, transaction: null } }
  return eventOf(id, 1, { type: 'issue.created', data })
}

export function decisionMade({ id = 'iss_1' }: Moved = {}) {
  const decided = { action: 'RETRY_PAYMENT', confidence: 85, routing: 'AUTO_RESOLVE', policyApplied: 'decline §2.1' }
  return eventOf('job_1', 1, { type: 'decision.made', data: { issueId: id, decisionId: 'dec_1', ...decided } })
}

type Updated = Readonly<{ id?: string; addedBy?: string; state?: string; number?: number }>

export function jobUpdated({ id = 'job_1', addedBy = 'ada', state = 'ACTIVE', number = 1 }: Updated = {}) {
  const job = { jobType: 'analytics-track', queue: 'background', state, progress: null, failure: null, addedBy }
  return eventOf(id, number, { type: 'job.updated', entity: { type: 'Job', id }, data: job })
}

export async function publishJobs(redis: Redis, ...events: readonly DomainEvent[]): Promise<void> {
  const texts = events.map((event) => JSON.stringify(event))
  await createCappedStream(redis, STREAMS.jobs).append(texts)
}

function eventOf(entityId: string, number: number, change: Partial<DomainEvent>): DomainEvent {
  return {
    id: `${entityId}-${number}`,
    type: 'thing.changed',
    at: new Date().toISOString(),
    actor: 'ada',
    requestId: null,
    tenant: 'default',
    ip: null,
    entity: { type: 'Issue', id: entityId },
    changes: {},
    data: {},
    ...change,
  }
}

/** Publishes events one by one on the streams that they belong to; gives the ids of their entries. */
export async function publish(redis: Redis, ...events: readonly DomainEvent[]): Promise<string[]> {
  const ids: string[] = []
  for (const event of events) {
    const stream = event.type.startsWith('decision.') ? STREAMS.decisions : STREAMS.issues
    ids.push(...(await appendTexts(redis, stream, [JSON.stringify(event)])))
  }
  return ids
}
