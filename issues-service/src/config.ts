import { readEnvironment } from '@redress/shared/process/config.ts'
import { ServiceEnvironment, toServiceConfig } from '@redress/shared/process/service-environment.ts'

const Environment = ServiceEnvironment.merge({
  ISSUES_PORT: "string.integer.parse |> 0 <= number <= 65535 = '4001'",
  ISSUES_DATABASE: "string > 0 = 'redress_issues'",
  INTERNAL_PUBLIC_KEY: 'string > 0',
  STUCK_AFTER_MS: "string.integer.parse |> 1000 <= number <= 86400000 = '300000'",
  ENCRYPTION_KEY: /^[0-9a-fA-F]{64}$/,
  BLIND_INDEX_KEY: /^[0-9a-fA-F]{64}$/,
})

export function readConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(Environment, environment)
  return {
    ...toServiceConfig(env),
    port: env.ISSUES_PORT,
    stuckAfterMs: env.STUCK_AFTER_MS,
    database: env.ISSUES_DATABASE,
    internalPublicKey: env.INTERNAL_PUBLIC_KEY,
    keys: { encryptionKey: env.ENCRYPTION_KEY, blindIndexKey: env.BLIND_INDEX_KEY },
  }
}
