import { type } from 'arktype'

/** Variables of every process, the gateway included. */
export const ObservabilityEnvironment = type({
  'METRICS_TOKEN?': 'string > 0',
  'OTEL_EXPORTER_OTLP_ENDPOINT?': 'string.url',
  'OTEL_SERVICE_NAME?': 'string > 0',
})

/** Access to the metrics and the collector of traces. */
export function toObservabilityConfig(env: typeof ObservabilityEnvironment.infer) {
  return {
    metrics: { token: env.METRICS_TOKEN ?? null },
    telemetry: { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT ?? null, serviceName: env.OTEL_SERVICE_NAME ?? null },
  }
}

/** Variables of every service. Each adds its own with `merge`. */
export const ServiceEnvironment = ObservabilityEnvironment.merge({
  NODE_ENV: "'development' | 'production' | 'test' = 'development'",
  LOG_LEVEL: "'debug' | 'info' | 'warn' | 'error' = 'info'",
  HOST: "string > 0 = '127.0.0.1'",
  MONGODB_URI: 'string.url',
  REDIS_URL: 'string.url',
  'REDIS_EVENTS_URL?': 'string.url',
  EVENT_GROUP_GONE_AFTER_MS: "string.integer.parse |> 60000 <= number <= 604800000 = '600000'",
  HEALTH_CHECK_TIMEOUT_MS: "string.integer.parse |> 100 <= number <= 60000 = '2000'",
  STORAGE_FREE_MIN_PERCENT: "string.integer.parse |> 0 <= number <= 100 = '5'",
  SHUTDOWN_TIMEOUT_MS: "string.integer.parse |> 100 <= number <= 600000 = '30000'",
})

/** The part of the configuration that all services share. */
export function toServiceConfig(env: typeof ServiceEnvironment.infer) {
  return {
    ...toObservabilityConfig(env),
    host: env.HOST,
    mongo: { uri: env.MONGODB_URI, freeMinPercent: env.STORAGE_FREE_MIN_PERCENT },
    events: { url: env.REDIS_EVENTS_URL ?? env.REDIS_URL, groupGoneAfterMs: env.EVENT_GROUP_GONE_AFTER_MS },
    health: { timeoutMs: env.HEALTH_CHECK_TIMEOUT_MS },
    shutdown: { timeoutMs: env.SHUTDOWN_TIMEOUT_MS },
    log: { level: env.LOG_LEVEL },
  }
}
