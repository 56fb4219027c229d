import { type DecisionCase, decisionIdOf } from '@redress/shared/contracts.ts'
import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { verifyToken } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import { monotonicFactory, ulid } from 'ulid'
import { afterAll } from 'vitest'
import { createFollowArchiveJobs } from '../src/archive/follow-archive-jobs.ts'
import { createResolvers } from '../src/create-resolvers.ts'
import { createUseCases } from '../src/create-use-cases.ts'
import { createIntake, type IntakeOptions } from '../src/intake/create-intake.ts'
import type { IssueInput } from '../src/issues/domain/issue-input.ts'
import { DUE_HOURS } from '../src/issues/domain/urgency.ts'
import { createAskAgain } from '../src/issues/use-cases/ask-again.ts'
import type { DecisionUpdate } from '../src/issues/use-cases/follow-decisions.ts'
import { createEraseTexts } from '../src/privacy/erase-texts.ts'
import { createMongoSeeding } from '../src/samples/mongo-seeding.ts'
import { openStores } from '../src/stores/open-stores.ts'
import { createLoaders } from '../src/views/loaders.ts'

export const NOW = new Date('2030-06-15T12:00:00Z')
export const ADA: Cause = { actor: 'ada', requestId: 'req-1', ip: '10.0.0.1', tenant: 'default' }
export const REVIEWER: Cause = { actor: 'rhea', requestId: 'req-2', ip: null, tenant: 'default' }
const KEYS = { encryptionKey: 'ab'.repeat(32), blindIndexKey: 'cd'.repeat(32) }

const price = { amount: 5_000, currency: 'USD' }
const plain = { merchant: 'Shop', amount: price, status: 'CAPTURED', installmentPlan: null } as const
const SAMPLE = {
  customers: [
    { id: 'cust_1', email: 'grace@example.org', name: 'Grace Hopper', riskScore: 12, createdDaysAgo: 100 },
    { id: 'cust_2', email: 'alan@example.org', name: 'Alan Turing', riskScore: 70, createdDaysAgo: 3 },
  ],
  transactions: [
    {
      ...plain,
      id: 'txn_1',
      customerId: 'cust_1',
      createdDaysAgo: 9,
      shipping: { status: 'DELIVERED', deliveredDaysAgo: 2 },
    },
    { ...plain, id: 'txn_2', customerId: 'cust_2', createdDaysAgo: 1, shipping: null },
  ],
} as const

/** The use cases on one database, with two customers and a transaction of each. */
export async function openService({ mongo, db, now = () => NOW }: { mongo: MongoClient; db: Db; now?: () => Date }) {
  const outbox = createOutbox(db, () => {})
  const stores = await openStores({
    ...{ service: { mongo, db, logger: silent }, outbox, keys: KEYS },
    ...{ dueHours: DUE_HOURS, now },
  })
  const { collections, viewsOf, importViewsOf, stuckIssues, events, issues: store, issuesIn, erasures } = stores
  await createMongoSeeding(collections, stores)(SAMPLE, NOW)
  const { followDecisions, ...useCases } = createUseCases({
    ...{ stores, dueHours: DUE_HOURS, stuckAfterMs: MINUTE_MS, now },
    createId: ulid,
    onCommit: () => {},
  })
  /** The intake of payment events, on other collections where given; its waits are whole ones. */
  const intakeOn = (change: Partial<IntakeOptions> = {}) =>
    createIntake({
      ...{ mongo, db, collections, outbox, blindIndex: stores.blindIndex, dueHours: DUE_HOURS, now },
      ...{ createId: monotonicFactory(), random: () => 0, count: () => {}, onAttempt: () => {} },
      onUnexpected: () => {},
      ...change,
    })
  return {
    ...useCases,
    intakeOn,
    intake: intakeOn(),
    collections,
    archiveStore: stores.archive,
    followArchiveJobs: createFollowArchiveJobs({ addRun: stores.addArchiveRun, now }).follow,
    viewsOf,
    /** Of the tenant of the samples. */
    views: viewsOf('default'),
    importViewsOf,
    ofImports: { store: stores.imports, creatorsOn: useCases.creatorsOn, now, onCommit: () => {} },
    erasures,
    dueHours: DUE_HOURS,
    now,
    followDecisions: (updates: readonly DecisionUpdate[]) =>
      inTransaction(mongo, (session) => followDecisions(updates, issuesIn(session, 'default'))),
    askAgain: (dependencies: Readonly<{ stuckAfterMs: number; now: () => Date }>) =>
      createAskAgain({ store, stuckIssues, events, ...dependencies }),
    eraseTexts: createEraseTexts({ store: erasures, now, onCommit: () => {} }),
    eventsOf: (entityId: string) => eventsOf(db, entityId),
  }
}
export type Service = Awaited<ReturnType<typeof openService>>

/** Serves the subgraph until the tests of the file have run, and gives its URL. */
export async function serveService(service: Service): Promise<string> {
  const subgraph = await serveSubgraph({
    name: 'issues',
    schemaFile: new URL('../schema.graphql', import.meta.url),
    resolvers: combineParts(service.intake, ...createResolvers(service)).resolvers,
    createLoaders: ({ principal }) => createLoaders({ ...service, views: service.viewsOf(principal.tenant) }),
    verifyToken,
    checks: { mongodb: async () => true },
    port: 0,
    host: '127.0.0.1',
    logger: silent,
  })
  afterAll(subgraph.close)
  return subgraph.url
}

/** The events of one entity in the order in which they will be published. */
async function eventsOf(db: Db, entityId: string): Promise<readonly DomainEvent[]> {
  return (await outboxEvents(db)).filter(({ entity }) => entity.id === entityId)
}

let keys = 0
/** A refund of a delivered purchase, with a new idempotency key. */
export function refundInput(change: Partial<IssueInput> = {}): IssueInput {
  return {
    idempotencyKey: `key-${++keys}`,
    customerId: 'cust_1',
    transactionId: 'txn_1',
    priority: 'NORMAL',
    details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 9, partialAmount: null },
    ...change,
  }
}

export async function openIssue({ createIssues }: Service, change: Partial<IssueInput> = {}) {
  const [issue] = await createIssues([{ input: refundInput(change), cause: ADA }])
  if (issue instanceof Error || issue === undefined) throw new Error('not opened', { cause: issue })
  return issue
}

const by: Cause = { actor: 'redress:decisions', requestId: 'req-1', ip: null, tenant: 'default' }
/** The id of the decision that an issue asked for in a version of it: when it was created, or retried. */
export const decisionOf = (issueId: string, version = 1) => decisionIdOf(`${issueId}-${version}`)
export const started = (issueId: string, version = 1): DecisionUpdate => ({
  issueId,
  cause: by,
  progress: { decisionId: decisionOf(issueId, version), kind: 'started' },
})
export const failed = (issueId: string, version = 1): DecisionUpdate => ({
  issueId,
  cause: by,
  progress: { decisionId: decisionOf(issueId, version), kind: 'failed', reason: 'no luck' },
})
export const made = (
  issueId: string,
  { routing = 'AUTO_RESOLVE', version = 1 }: { routing?: 'AUTO_RESOLVE' | 'HUMAN_REVIEW'; version?: number } = {},
): DecisionUpdate => {
  const decisionId = decisionOf(issueId, version)
  const recommendation = { action: 'APPROVE_REFUND', confidence: 91, policyApplied: 'R1' } as const
  const decision = { issueId, decisionId, ...recommendation, routing }
  return { issueId, cause: by, progress: { decisionId, kind: 'made', decision } }
}

/** The case in an event, as the decision service will read it. */
export const caseIn = (event: DomainEvent | undefined) => ((event?.data ?? {}) as { case: DecisionCase }).case
