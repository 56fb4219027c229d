import { within } from '@redress/shared/stores/moments.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import { DAY_MS, HOUR_MS } from '@redress/shared/time.ts'
import type { Filter } from 'mongodb'
import type { PaymentFilter, PaymentHistory, PaymentViews, ServiceMetrics } from '../use-cases/ports.ts'
import { type PaymentCollections, type PaymentDocument, toPayment } from './payment-documents.ts'

/** More payments of one customer within an hour are not counted: they are too many long before. */
const COUNTED_MAX = 100
const NEWEST_FIRST = { field: 'decidedAt', direction: -1 } as const
const METRICS_READ_MAX = 100_000
const METRICS_BATCH = 10_000

/** The queries of payments. */
export function createMongoPaymentViews({ payments }: PaymentCollections): PaymentViews {
  return {
    async findPayments(ids) {
      const found = await payments.find({ _id: { $in: [...ids] } }).toArray()
      const byId = new Map(found.map((document) => [document._id, toPayment(document)]))
      return ids.map((id) => byId.get(id) ?? null)
    },
    pageOfPayments: (filter, page) =>
      readPage({
        ...{ collection: payments, filter: toConditions(filter), order: NEWEST_FIRST, page },
        toNode: (document) => toPayment(document)!,
      }),
    async serviceMetrics(now) {
      const projection = { _id: 0, verdict: 1, durationMs: 1 }
      const found = await payments
        .find({ decidedAt: { $gte: new Date(now.getTime() - DAY_MS) } }, { projection, batchSize: METRICS_BATCH })
        .sort({ decidedAt: -1 })
        .limit(METRICS_READ_MAX)
        .toArray()
      return toMetrics(found as unknown as readonly Measured[])
    },
  }
}

function toConditions({ customerId, payeeId, verdict, from, to }: PaymentFilter): Filter<PaymentDocument> {
  return {
    status: 'DECIDED',
    ...(customerId != null && { customerId }),
    ...(payeeId != null && { payeeId }),
    ...(verdict && { verdict: { $in: [...verdict] } }),
    // There is always a bound, so that an index by time serves it.
    decidedAt: within({ from, to, after: new Date(0) })!,
  }
}

type Measured = Readonly<{ verdict: 'ALLOW' | 'REVIEW' | 'BLOCK'; durationMs: number }>

function toMetrics(measured: readonly Measured[]): ServiceMetrics {
  const count = (wanted: Measured['verdict']) => measured.filter(({ verdict }) => verdict === wanted).length
  const durations = Float64Array.from(measured, ({ durationMs }) => durationMs).sort()
  return {
    totalRequests: measured.length,
    decisionCounts: { allow: count('ALLOW'), review: count('REVIEW'), block: count('BLOCK') },
    // The least duration that 95 of 100 do not exceed.
    p95Latency: durations[Math.ceil(durations.length * 0.95) - 1] ?? null,
  }
}

type HistoryQuestion = Readonly<{ customerId: string; payeeId: string; paymentId: string; now: Date }>
export type FindPaymentHistory = (question: HistoryQuestion) => Promise<PaymentHistory>

/** Signals for a payment from the customer's earlier payments; the payment itself is not counted. */
export function createFindPaymentHistory({ payments }: PaymentCollections): FindPaymentHistory {
  return async ({ customerId, payeeId, paymentId, now }) => {
    const lastHour = { customerId, requestedAt: { $gte: new Date(now.getTime() - HOUR_MS) } }
    const [recent, allowed] = await Promise.all([
      payments
        .find(lastHour, { projection: { _id: 1 } })
        .limit(COUNTED_MAX)
        .toArray(),
      payments.findOne({ customerId, payeeId, verdict: 'ALLOW' }, { projection: { _id: 1 } }),
    ])
    return { paymentsLastHour: recent.filter(({ _id }) => _id !== paymentId).length, newPayee: allowed === null }
  }
}
