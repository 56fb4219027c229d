import { type } from 'arktype'

const Secret = type('string >= 16').configure({ expected: 'at least 16 characters' })

/** The secrets of the routes by which events of payments come in; without one, there is no such route. */
export const IntakeEnvironment = type({
  'INGEST_SECRET?': Secret,
  'STRIPE_WEBHOOK_SECRET?': Secret,
})

export function toIntakeConfig(env: typeof IntakeEnvironment.infer) {
  return { ingestSecret: env.INGEST_SECRET ?? null, stripeSecret: env.STRIPE_WEBHOOK_SECRET ?? null }
}
