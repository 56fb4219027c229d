/**
 * The files and functions that exceed a house rule today, with their figures, one line each. An entry is lowered or taken out, never added or
 * raised: the check fails on an entry that is no longer needed.
 */
export const EXCEPTIONS: Readonly<Record<string, number>> = {
  'decision-service/src/decisions/analytics/decision-analytics.ts: createAnalysis': 42,
  'decision-service/src/decisions/analytics/decision-statistics.ts: createReviewTally': 41,
  'decision-service/src/engines/model/model-metrics.ts: createModelMetrics': 54,
  'decision-service/src/payments/outbound/mongo-payments.ts: createMongoPayments': 46,
  'decision-service/src/payments/use-cases/decide-payment.ts: createDecidePayment': 41,
  'decision-service/src/policies/trials/backtest/backtest-result.ts: createBacktestTally': 46,
}
