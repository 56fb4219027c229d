import { createLogger } from '@redress/shared/process/logger.ts'
import { connectRedis } from '@redress/shared/stores/redis.ts'
import { createProviderLimits } from '../src/jobs/limits/provider-limits.ts'
import { PROVIDERS, type Provider } from '../src/jobs/limits/providers.ts'

/** A process that calls two providers, several times at once, for as long as it lives and within their limits. */
const [redisUrl, providerUrl, name, figures] = process.argv.slice(2) as [string, string, string, string]
const logger = createLogger(name, { level: 'error' })
const redis = await connectRedis(redisUrl, { name, logger })
const limits = createProviderLimits({ redis, figures: { ...PROVIDERS, ...JSON.parse(figures) }, logger })
await fetch(`${providerUrl}/ready`)

const callForEver = async (provider: Provider) => {
  while (true) {
    const lease = await limits.waitFor(provider, { withinMs: 60_000 })
    await fetch(`${providerUrl}/${provider}?process=${name}`).then((response) => response.text())
    await lease.release('ok')
  }
}
const CALLERS: readonly Provider[] = [...Array(6).fill('stripe'), 'twilio', 'twilio']
await Promise.all(CALLERS.map(callForEver))
