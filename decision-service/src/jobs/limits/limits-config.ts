import { type } from 'arktype'
import { PROVIDERS, type Provider, type ProviderFigures } from './providers.ts'

/** The limits of providers that contracts change. All hold for all processes together. */
export const LimitsEnvironment = type({
  RATE_LIMIT_STRIPE: perSecond('stripe'),
  RATE_LIMIT_SENDGRID: perSecond('sendgrid'),
  RATE_LIMIT_TWILIO: perSecond('twilio'),
})

/** Calls a second. */
function perSecond(provider: Provider) {
  return `string.numeric.parse |> 0.01 <= number <= 10000 = '${PROVIDERS[provider].perSecond}'` as const
}

/** How much all workers together may ask a model at once, and in a minute. */
type ModelLimits = Readonly<{ concurrency: number; perMinute: number }>

export function toLimitsConfig(env: typeof LimitsEnvironment.infer, model: ModelLimits) {
  const figures: Readonly<Record<Provider, ProviderFigures>> = {
    ...PROVIDERS,
    stripe: { ...PROVIDERS.stripe, perSecond: env.RATE_LIMIT_STRIPE },
    sendgrid: { ...PROVIDERS.sendgrid, perSecond: env.RATE_LIMIT_SENDGRID },
    twilio: { ...PROVIDERS.twilio, perSecond: env.RATE_LIMIT_TWILIO },
    anthropic: toModelFigures(model),
  }
  return { figures }
}

/** The bucket holds as many tokens as there may be calls at once. */
export function toModelFigures({ concurrency, perMinute }: ModelLimits): ProviderFigures {
  return { perSecond: perMinute / 60, concurrent: concurrency, burst: concurrency, cooldownMs: 0 }
}
