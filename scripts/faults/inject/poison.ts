import { randomUUID } from 'node:crypto'
import type { Journal } from '../load/journal.ts'
import { POISON_PREFIX, type Poison } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'
import { withDatabase } from './with-database.ts'

const ATTEMPTS = 20

type Place = Readonly<{ system: System; journal: Journal; signal: AbortSignal }>

/** Puts one event that cannot be read among those that were committed, as a faulty writer would. */
export async function poison({ system, journal, signal }: Place, { poison: kind }: Readonly<{ poison: Poison }>) {
  const id = `${POISON_PREFIX}${randomUUID()}`
  const document = { _id: id, at: new Date(), ...CONTENT_OF[kind](id) }
  let tries = 0
  await withDatabase(system, { database: 'redress_issues', attempts: ATTEMPTS, signal }, async (db) => {
    tries++
    // An insert without an answer may be followed by a second one, once the first has left the outbox.
    await db.collection<typeof document>('outbox').insertOne(document).catch(acceptDuplicate)
    journal.poisons.push({ id, kind, tries })
  })
}

function acceptDuplicate(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 11_000)) throw error
}

const CONTENT_OF: Readonly<Record<Poison, (id: string) => object>> = {
  text: () => ({ events: ['{"id":"half of an ev'] }),
  shape: () => ({ payload: { version: 9, changes: [] } }),
  type: (id) => ({ events: [JSON.stringify({ ...headOf(id), type: 'issue.unheard_of', data: {} })] }),
  'risk-score': (id) => ({
    events: [JSON.stringify({ ...headOf(id), type: 'issue.created', data: { case: caseOf(id) } })],
  }),
}

const headOf = (id: string) => ({
  id: `${id}-1`,
  at: new Date().toISOString(),
  actor: 'faults',
  requestId: null,
  ip: null,
  entity: { type: 'Issue', id },
  changes: {},
})

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
