import { type } from 'arktype'

/** What every service reads. Each adds its own with `merge`. */
export const ServiceEnvironment = type({
  NODE_ENV: "'development' | 'production' | 'test' = 'development'",
  LOG_LEVEL: "'debug' | 'info' | 'warn' | 'error' = 'info'",
  HOST: "string > 0 = '127.0.0.1'",
  MONGODB_URI: 'string.url',
  REDIS_URL: 'string.url',
  'REDIS_EVENTS_URL?': 'string.url',
  HEALTH_CHECK_TIMEOUT_MS: "string.integer.parse |> 100 <= number <= 60000 = '2000'",
  SHUTDOWN_TIMEOUT_MS: "string.integer.parse |> 100 <= number <= 600000 = '30000'",
})

/** The part of the configuration that all services share, as they use it. */
export function toServiceConfig(env: typeof ServiceEnvironment.infer) {
  return {
    host: env.HOST,
    mongo: { uri: env.MONGODB_URI },
    events: { url: env.REDIS_EVENTS_URL ?? env.REDIS_URL },
    health: { timeoutMs: env.HEALTH_CHECK_TIMEOUT_MS },
    shutdown: { timeoutMs: env.SHUTDOWN_TIMEOUT_MS },
    log: { level: env.LOG_LEVEL },
  }
}
