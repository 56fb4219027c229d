import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import type { Db, MongoClient } from 'mongodb'
import { COLLECTIONS } from '../src/collections.ts'
import type { PaymentInput } from '../src/payments/domain/payment-input.ts'
import type { StoredPayment } from '../src/payments/domain/stored-payment.ts'
import { createIssuesClient } from '../src/payments/outbound/issues-client.ts'
import { createFindPaymentHistory, createMongoPaymentViews } from '../src/payments/outbound/mongo-payment-views.ts'
import { createMongoPayments } from '../src/payments/outbound/mongo-payments.ts'
import { createPaymentTools } from '../src/payments/outbound/payment-tools.ts'
import { checkRule } from '../src/payments/rules/check-rule.ts'
import { createMongoRules } from '../src/payments/rules/mongo-rules.ts'
import { createRuleWatch } from '../src/payments/rules/rule-watch.ts'
import { createUpsertRule } from '../src/payments/rules/upsert-rule.ts'
import { createDecidePayment } from '../src/payments/use-cases/decide-payment.ts'
import type { Payments, TakeTurn } from '../src/payments/use-cases/ports.ts'

export const NOW = new Date('2030-06-15T12:00:00Z')

type Options = Readonly<{
  mongo: MongoClient
  db: Db
  issuesUrl: string
  takeTurn?: TakeTurn
  toolTimeoutMs?: number
  now?: () => Date
  /** To stand in for a process that is lost on the way. */
  alter?: (payments: Payments) => Payments
  onDecided?: (payment: StoredPayment) => void
}>

/** All that decides payments, without its doors. */
export async function openPayments(options: Options) {
  const { mongo, db, issuesUrl, toolTimeoutMs = 60_000, now = () => NOW, alter = (payments) => payments } = options
  const collections = await openCollections(db, COLLECTIONS)
  const outbox = createOutbox(db, () => {})
  const issues = createIssuesClient({ url: issuesUrl, onBreaker: () => {} })
  const rules = createMongoRules({ mongo, collections, outbox })
  const watch = createRuleWatch({ readRules: rules.all, logger: silent })
  await watch.refresh()

  const store = createMongoPayments({ mongo, collections, outbox })
  const decidePayment = createDecidePayment({
    takeTurn: options.takeTurn ?? (async () => ({ allowed: true, retryAfterMs: 0 })),
    payments: alter(store),
    tools: createPaymentTools({ issues, findHistory: createFindPaymentHistory(collections), now }),
    ruleHitsOf: watch.hitsOfPayment,
    toolTimeoutMs,
    now,
    monotonicMs: () => performance.now(),
    // The waits of production, much shorter.
    wait: (ms) => sleep(ms / 50),
    onDecided: options.onDecided ?? (() => {}),
  })
  return {
    collections,
    store,
    rules,
    watch,
    decidePayment,
    upsertRule: createUpsertRule({ rules, checkRule, now, onCommit: () => {} }),
    views: createMongoPaymentViews(collections),
    eventsAbout: (entityId: string) => eventsAbout(db, entityId),
    close: issues.close,
  }
}

/** In the order in which they will be published. */
async function eventsAbout(db: Db, entityId: string): Promise<readonly DomainEvent[]> {
  return (await outboxEvents(db)).filter(({ entity }) => entity.id === entityId)
}

/** 10 dollars to a payee, by a key of its own. */
export function paymentOf(customerId: string, change: Partial<PaymentInput> = {}): PaymentInput {
  const amount = { amount: 1_000, currency: 'USD' }
  return { customerId, amount, payeeId: 'payee_1', idempotencyKey: randomUUID(), ...change }
}
