import { readEnvironment } from '@redress/shared/process/config.ts'
import { ServiceEnvironment, toServiceConfig } from '@redress/shared/process/service-environment.ts'

const Environment = ServiceEnvironment.merge({
  AUDIT_PORT: "string.integer.parse |> 0 <= number <= 65535 = '4003'",
  AUDIT_DATABASE: "string > 0 = 'redress_audit'",
  INTERNAL_PUBLIC_KEY: 'string > 0',
})

export function readConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(Environment, environment)
  return {
    ...toServiceConfig(env),
    port: env.AUDIT_PORT,
    database: env.AUDIT_DATABASE,
    internalPublicKey: env.INTERNAL_PUBLIC_KEY,
  }
}
