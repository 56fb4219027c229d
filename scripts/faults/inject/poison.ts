import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { POISON_PREFIX, type Poison } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'

const DATABASE = 'redress_issues'
const ATTEMPTS = 20
const RETRY_MS = 500

/** Puts one event that cannot be read among those that were committed, as a faulty writer would. */
export async function poison({ stack }: System, { poison: kind }: Readonly<{ poison: Poison }>, signal: AbortSignal) {
  const { MONGODB_URI = '' } = stack.environmentOf('issues')
  const _id = `${POISON_PREFIX}${randomUUID()}`
  const document = { _id, at: new Date(), event: TEXT_OF[kind](_id) }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const mongo = new MongoClient(MONGODB_URI, { serverSelectionTimeoutMS: RETRY_MS })
    try {
      return void (await mongo.db(DATABASE).collection<typeof document>('outbox').insertOne(document))
    } catch {
      // The database may be away. An insert without an answer was harmless, or is refused as a duplicate.
      await pause(RETRY_MS, null, { signal })
    } finally {
      await mongo.close()
    }
  }
}

const TEXT_OF: Readonly<Record<Poison, (id: string) => string>> = {
  text: () => '{"id":"half of an ev',
  type: (id) => JSON.stringify({ ...headOf(id), type: 'issue.unheard_of', data: {} }),
  'risk-score': (id) => JSON.stringify({ ...headOf(id), type: 'issue.created', data: { case: caseOf(id) } }),
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
