import { randomUUID } from 'node:crypto'
import type { Journal } from '../load/journal.ts'
import { POISON_PREFIX, type Poison, type PoisonedService } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'
import { withDatabase } from './with-database.ts'

const ATTEMPTS = 20

type Place = Readonly<{ system: System; journal: Journal; signal: AbortSignal }>
type Facts = Readonly<{ poison: Poison; service: PoisonedService }>

/** Puts one event that cannot be read among those that a service has committed, as a faulty writer would. */
export async function poison({ system, journal, signal }: Place, { poison: kind, service }: Facts): Promise<void> {
  const id = `${POISON_PREFIX}${randomUUID()}`
  const document = { _id: id, at: new Date(), ...CONTENT_OF[kind](id, service) }
  let tries = 0
  await withDatabase(system, { database: `redress_${service}`, attempts: ATTEMPTS, signal }, async (db) => {
    tries++
    // An insert without an answer may be followed by a second one, once the first has left the outbox.
    await db.collection<typeof document>('outbox').insertOne(document).catch(acceptDuplicate)
    journal.poisons.push({ id, kind, service, tries })
  })
}

function acceptDuplicate(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 11_000)) throw error
}

const CONTENT_OF: Readonly<Record<Poison, (id: string, service: PoisonedService) => object>> = {
  text: () => ({ events: ['{"id":"half of an ev'] }),
  shape: () => ({ payload: { version: 9, changes: [] } }),
  type: (id, service) => ({ events: [toEvent(id, service, UNKNOWN_TYPES[service], {})] }),
  data: (id, service) => ({ events: [toEvent(id, service, ...UNREADABLE[service](id))] }),
}

const UNKNOWN_TYPES = { issues: 'issue.unheard_of', decisions: 'decision.unheard_of' } as const
/** Types with data that does not fit: a risk score is a whole number, and a failure has a reason. */
const UNREADABLE: Readonly<Record<PoisonedService, (id: string) => [type: string, data: object]>> = {
  issues: (id) => ['issue.created', { case: caseOf(id) }],
  decisions: (id) => ['decision.failed', { issueId: id }],
}
const ENTITIES: Readonly<Record<PoisonedService, string>> = { issues: 'Issue', decisions: 'Decision' }

function toEvent(id: string, service: PoisonedService, type: string, data: object): string {
  const head = { id: `${id}-1`, type, at: new Date().toISOString(), actor: 'faults', requestId: null, ip: null }
  return JSON.stringify({ ...head, entity: { type: ENTITIES[service], id }, changes: {}, data })
}

/** As in an `issue.created`, but for the risk score, which is a whole number. */
const caseOf = (issueId: string) => ({
  issueId,
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 },
  customer: {
    id: 'cust_042',
    riskScore: 55.5,
    accountAgeDays: 10,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: null,
})
