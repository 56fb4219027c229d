import type { BreakerState } from '@redress/shared/resilience/breaker.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { type Counter, createCounters, createGauges, createHistograms } from '@redress/shared/telemetry/tallies.ts'
import type { ModelCall } from './guarded-model.ts'

const SECONDS = [0.5, 1, 2, 5, 10, 15, 30, 60]

/** The metrics of calls to a model: outcomes, durations, tokens and costs. */
export function createModelMetrics({ registry }: Metrics) {
  const calls = createCounters(registry, {
    name: 'model_calls_total',
    help: 'Calls to a model, and those not made for a reason of ours',
    labels: ['outcome'],
  })
  const durations = createHistograms(registry, {
    name: 'model_call_duration_seconds',
    help: 'Time that calls to a model took',
    labels: [],
    buckets: SECONDS,
  })()
  const tokensOf = createCounters(registry, {
    name: 'model_tokens_total',
    help: 'Tokens that calls to a model used',
    labels: ['kind'],
  })
  const tokens = {
    input: tokensOf('input'),
    output: tokensOf('output'),
    cacheRead: tokensOf('cache_read'),
    cacheWrite: tokensOf('cache_write'),
  }
  const outcomes = new Map<string, Counter>()
  const cost = createCounters(registry, {
    name: 'model_cost_usd_total',
    help: 'What calls to a model cost',
    labels: [],
  })()
  const breaker = createGauges(registry, {
    name: 'model_breaker_open',
    help: 'Whether the model is spared because it failed: 0, or 1 where the breaker is not closed',
    labels: [],
  })()
  breaker.set(0)

  return {
    onCall({ outcome, durationMs, usage }: ModelCall) {
      const counter = outcomes.get(outcome) ?? calls(outcome)
      outcomes.set(outcome, counter)
      counter.add()
      durations.observe(durationMs / 1_000)
      if (usage === null) return
      tokens.input.add(usage.inputTokens)
      tokens.output.add(usage.outputTokens)
      tokens.cacheRead.add(usage.cacheReadTokens)
      tokens.cacheWrite.add(usage.cacheWriteTokens)
      cost.add(usage.costUsd)
    },
    onBreaker(state: BreakerState) {
      breaker.set(state === 'closed' ? 0 : 1)
    },
  }
}
