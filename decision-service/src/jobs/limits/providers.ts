/** The limits of one provider, for all processes together. */
export type ProviderFigures = Readonly<{
  /** Tokens that come back each second; above 0, may be a fraction. */
  perSecond: number
  /** Calls at once. */
  concurrent: number
  /** Tokens of a full bucket, at least 1. In any `t` seconds at most `burst + t * perSecond` are taken. */
  burst: number
  /** For so long no call is made after the provider has refused one as too many. */
  cooldownMs: number
}>

type ProviderDefinition = ProviderFigures & Readonly<{ operations: readonly string[] }>

/**
 * Every provider that jobs call. Its operations share its limits, and can be stopped one by one. The figures are defaults:
 * see `LimitsEnvironment`. Those of `anthropic` are AI_CONCURRENCY and AI_PER_MINUTE, and its engine has its own breaker.
 */
export const PROVIDERS = {
  stripe: provider([25, 10, 50, 1_000], 'charges', 'refunds', 'payouts'),
  square: provider([8, 5, 20, 2_000]),
  sendgrid: provider([5, 20, 100, 1_000], 'transactional', 'marketing'),
  twilio: provider([1, 5, 10, 5_000], 'sms', 'voice', 'verify'),
  internal: provider([100, 50, 200, 100]),
  anthropic: provider([0.5, 5, 5, 0]),
} as const satisfies Readonly<Record<string, ProviderDefinition>>

function provider<const O extends readonly string[]>(
  [perSecond, concurrent, burst, cooldownMs]: readonly [number, number, number, number],
  ...operations: O
) {
  return { perSecond, concurrent, burst, cooldownMs, operations }
}

export type Provider = keyof typeof PROVIDERS
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly Provider[]

type OperationsOf<P extends Provider> = (typeof PROVIDERS)[P]['operations'][number]
/** A provider, or one of its operations: `stripe` or `stripe:refunds`. */
export type ProviderTarget = { [P in Provider]: P | `${P}:${OperationsOf<P>}` }[Provider]

export function providerOf(target: ProviderTarget): Provider {
  return target.split(':', 1)[0] as Provider
}

/** The targets that stop this one: itself, and its whole provider. */
export function stoppersOf(target: ProviderTarget): readonly ProviderTarget[] {
  return [...new Set([target, providerOf(target)])]
}

/** A provider, and each of its operations. */
export function targetsOf(provider: Provider): readonly ProviderTarget[] {
  const { operations }: ProviderDefinition = PROVIDERS[provider]
  return [provider, ...operations.map((operation) => `${provider}:${operation}` as ProviderTarget)]
}

const TARGETS: ReadonlySet<string> = new Set(PROVIDER_NAMES.flatMap(targetsOf))

export function isProvider(name: string): name is Provider {
  return Object.hasOwn(PROVIDERS, name)
}

export function isProviderTarget(name: string): name is ProviderTarget {
  return TARGETS.has(name)
}
