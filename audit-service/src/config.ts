import { readEnvironment } from '@redress/shared/process/config.ts'
import { ServiceEnvironment, toServiceConfig } from '@redress/shared/process/service-environment.ts'

const DatabaseEnvironment = ServiceEnvironment.pick('MONGODB_URI').merge({
  AUDIT_DATABASE: "string > 0 = 'redress_audit'",
})

const Environment = ServiceEnvironment.merge(DatabaseEnvironment).merge({
  AUDIT_PORT: "string.integer.parse |> 0 <= number <= 65535 = '4003'",
  INTERNAL_PUBLIC_KEY: 'string > 0',
})

/** The configuration of a program that only works on the database. */
export function readDatabaseConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(DatabaseEnvironment, environment)
  return { uri: env.MONGODB_URI, database: env.AUDIT_DATABASE }
}

export function readConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(Environment, environment)
  return {
    ...toServiceConfig(env),
    port: env.AUDIT_PORT,
    database: env.AUDIT_DATABASE,
    internalPublicKey: env.INTERNAL_PUBLIC_KEY,
  }
}
