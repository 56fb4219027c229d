import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from '@redress/shared/process/config.ts'
import { ObservabilityEnvironment, toObservabilityConfig } from '@redress/shared/process/service-environment.ts'
import { type } from 'arktype'
import { isProxyTrust, PROXY_HEADERS, readProxyTrust } from './access/guards/client-address.ts'
import { isOrigins, readHosts, readOrigins } from './access/guards/origins.ts'
import { IntakeEnvironment, toIntakeConfig } from './access/intake-config.ts'
import { isInternalPrivateKey, isReadableKeyFile } from './access/key-files.ts'
import { isTrustedDocumentsFile } from './operations/documents/persisted-documents.ts'
import { isPreset, readPresets } from './operations/limits/presets.ts'

const SUPERGRAPH_FILE = fileURLToPath(new URL('../supergraph.graphql', import.meta.url))
const UNLIMITED = '999999999/64'
const TIMEOUT = 'string.integer.parse |> 100 <= number <= 600000'
const YesOrNo = type(/^(true|false)$/).configure({ expected: 'true or false' })
const InternalPrivateKey = type('string > 0').narrow(
  (key, ctx) => isInternalPrivateKey(key) || ctx.reject({ expected: 'an Ed25519 private key: PKCS #8 in DER, base64' }),
)
const KeyFile = type('string > 0').narrow(
  (path, ctx) => isReadableKeyFile(path) || ctx.reject({ expected: 'the path of a public key (PEM) or a JWKS (JSON)' }),
)
const Code = type(/^[\w-]{20,}$/).configure({ expected: 'at least 20 letters, digits, - and _' })
const Never = type('string').narrow((_, ctx) => ctx.reject({ expected: 'left out when NODE_ENV is production' }))
const Origins = type('string').narrow(
  (text, ctx) => isOrigins(text) || ctx.reject({ expected: 'origins such as https://console.example.com, by comma' }),
)
const Proxies = type('string').narrow(
  (text, ctx) =>
    isProxyTrust(text) || ctx.reject({ expected: 'a number of hops, or networks such as 10.0.0.0/8, by comma' }),
)
const Limits = type('string').narrow(
  (text, ctx) => isPreset(text) || ctx.reject({ expected: 'cost/depth, as 1000/10 is' }),
)
const ManifestFile = type('string > 0').narrow(
  (path, ctx) => isTrustedDocumentsFile(path) || ctx.reject({ expected: 'the path of a manifest of documents (JSON)' }),
)
const GraphFile = type('string > 0').narrow(
  (path, ctx) => existsSync(path) || ctx.reject({ expected: 'the path of a supergraph (GraphQL)' }),
)

const Environment = ObservabilityEnvironment.merge(IntakeEnvironment).merge({
  NODE_ENV: "'development' | 'production' | 'test' = 'development'",
  LOG_LEVEL: "'debug' | 'info' | 'warn' | 'error' = 'info'",
  PORT: "string.integer.parse |> 0 <= number <= 65535 = '4000'",
  HOST: "string > 0 = '127.0.0.1'",
  'SUPERGRAPH?': GraphFile,
  'ISSUES_URL?': 'string.url',
  'DECISIONS_URL?': 'string.url',
  'AUDIT_URL?': 'string.url',
  AUTH: "'on' | 'off' = 'on'",
  'INTERNAL_PRIVATE_KEY?': InternalPrivateKey,
  'JWT_PUBLIC_KEY_PATH?': KeyFile,
  'JWT_JWKS_URL?': 'string.url',
  JWT_ISSUER: "string > 0 = 'redress'",
  JWT_AUDIENCE: "string > 0 = 'redress'",
  JWT_REVOCATIONS_EVERY_MS: "string.integer.parse |> 0 <= number <= 60000 = '3000'",
  JWT_LIFETIME_MAX_MS: "string.integer.parse |> 60000 <= number <= 31536000000 = '28800000'",
  SUBGRAPH_TIMEOUT_MS: `${TIMEOUT} = '5000'`,
  BREAKER_FAILURES: "string.integer.parse |> 1 <= number <= 1000000 = '5'",
  BREAKER_OPEN_MS: `${TIMEOUT} = '30000'`,
  REQUEST_TIMEOUT_MS: `${TIMEOUT} = '15000'`,
  'REDIS_URL?': 'string.url',
  'REDIS_CACHE_URL?': 'string.url',
  'REDIS_EVENTS_URL?': 'string.url',
  RATE_LIMIT_MAX: "string.integer.parse |> 1 <= number <= 1000000000 = '100'",
  RATE_LIMIT_WINDOW_MS: "string.integer.parse |> 1000 <= number <= 86400000 = '60000'",
  ADDRESS_RATE_LIMIT_MAX: "string.integer.parse |> 1 <= number <= 1000000000 = '1200'",
  SOCKETS_PER_ADDRESS: "string.integer.parse |> 1 <= number <= 100000 = '1000'",
  'METRICS_PORT?': 'string.integer.parse |> 0 <= number <= 65535',
  SUBSCRIPTIONS_PER_CALLER: "string.integer.parse |> 1 <= number <= 100000 = '100'",
  SUBSCRIPTIONS_MAX: "string.integer.parse |> 1 <= number <= 100000 = '10000'",
  CORS_ORIGINS: Origins.default(''),
  ALLOWED_HOSTS: "string = ''",
  HEALTH_CHECK_TIMEOUT_MS: `${TIMEOUT} = '2000'`,
  SHUTDOWN_TIMEOUT_MS: `${TIMEOUT} = '30000'`,
  'LIMITS_STRICT?': Limits,
  'LIMITS_STANDARD?': Limits,
  'LIMITS_RELAXED?': Limits,
  'TRUSTED_DOCUMENTS?': ManifestFile,
  TRUSTED_ONLY: YesOrNo.default('false'),
  'PLAYGROUND?': YesOrNo,
  'INTROSPECTION?': YesOrNo,
  SHOW_FOREIGN_MESSAGES: YesOrNo.default('false'),
  TRUST_PROXY: Proxies.default('false'),
  'TRUST_PROXY_HEADER?': type.enumerated(...PROXY_HEADERS),
  'PLAYGROUND_CODE?': Code,
})

const WithManifest = type({ TRUSTED_DOCUMENTS: 'string' })
/** Needed by Redress's own graph; another supergraph has the addresses of its subgraphs. */
const OwnGraph = type({ ISSUES_URL: 'string.url', DECISIONS_URL: 'string.url', AUDIT_URL: 'string.url' })
const WithAuth = type({ INTERNAL_PRIVATE_KEY: 'string' })
const WithKeyFile = type({ JWT_PUBLIC_KEY_PATH: 'string' })
const WithKeyUrl = type({
  'JWT_PUBLIC_KEY_PATH?': type('string').narrow((_, ctx) =>
    ctx.reject({ expected: 'left out where JWT_JWKS_URL is set' }),
  ),
})
/** Access by a link and access without authentication are for the machine of a developer only. */
const Production = type({
  'PLAYGROUND_CODE?': Never,
  'AUTH?': type("'on'").configure({ expected: 'on in production' }),
})

type Variables = typeof Environment.infer

function environmentFor(given: NodeJS.ProcessEnv): typeof Environment {
  const parts: unknown[] = [
    ...(given.SUPERGRAPH ? [] : [OwnGraph]),
    ...(given.AUTH === 'off' ? [] : [WithAuth, given.JWT_JWKS_URL ? WithKeyUrl : WithKeyFile]),
    ...(given.TRUSTED_ONLY === 'true' ? [WithManifest] : []),
    ...(given.NODE_ENV === 'production' ? [Production] : []),
  ]
  return parts.reduce<typeof Environment>(
    (whole, part) => whole.and(part as never) as unknown as typeof Environment,
    Environment,
  )
}

function toGuardConfig(env: Variables, isProduction: boolean) {
  return {
    proxies: { trust: readProxyTrust(env.TRUST_PROXY), header: env.TRUST_PROXY_HEADER ?? null },
    origins: readOrigins(env.CORS_ORIGINS),
    /** Whether requests of other pages, and for names other than `allowed`, are refused. */
    hosts: { areChecked: !isProduction, allowed: readHosts(env.ALLOWED_HOSTS) },
    /** Requests per minute of an address that shows no credentials. */
    addressLimit: env.ADDRESS_RATE_LIMIT_MAX,
    /** The one-time code that opens a session in a browser; null without sessions. */
    playgroundCode: env.PLAYGROUND_CODE ?? null,
  }
}

export type GatewayConfig = ReturnType<typeof readConfig>

/** @throws ConfigError */
export function readConfig(environment: NodeJS.ProcessEnv) {
  const isProduction = environment.NODE_ENV === 'production'
  const env = readEnvironment(environmentFor(environment), environment)
  const isOn = (given: string | undefined) => (given === undefined ? !isProduction : given === 'true')
  return {
    port: env.PORT,
    host: env.HOST,
    supergraphFile: env.SUPERGRAPH ?? SUPERGRAPH_FILE,
    /** Addresses that take precedence over those in the supergraph. */
    subgraphs: { issues: env.ISSUES_URL, decisions: env.DECISIONS_URL, audit: env.AUDIT_URL },
    subgraphTimeoutMs: env.SUBGRAPH_TIMEOUT_MS,
    /** Failures per minute that open the breaker of a subgraph, and how long it stays open. */
    breaker: { failuresMax: env.BREAKER_FAILURES, openMs: env.BREAKER_OPEN_MS },
    requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
    /** Null: limits are counted by this process alone, and there are no subscriptions. */
    redis: {
      cacheUrl: env.REDIS_CACHE_URL ?? env.REDIS_URL ?? null,
      eventsUrl: env.REDIS_EVENTS_URL ?? env.REDIS_URL ?? null,
    },
    subscriptions: {
      perPrincipalMax: env.SUBSCRIPTIONS_PER_CALLER,
      perProcessMax: env.SUBSCRIPTIONS_MAX,
      socketsPerAddressMax: env.SOCKETS_PER_ADDRESS,
    },
    /** The port of metrics without a token, on this machine only; null without. */
    metricsPort: env.METRICS_PORT ?? null,
    ...toGuardConfig(env, isProduction),
    ...toAccessConfig(env),
    trusted: { manifest: env.TRUSTED_DOCUMENTS ?? null, only: env.TRUSTED_ONLY === 'true' },
    playground: isOn(env.PLAYGROUND),
    introspection: isOn(env.INTROSPECTION),
    showForeignMessages: env.SHOW_FOREIGN_MESSAGES === 'true',
    intake: toIntakeConfig(env),
    health: { timeoutMs: env.HEALTH_CHECK_TIMEOUT_MS },
    shutdown: { timeoutMs: env.SHUTDOWN_TIMEOUT_MS },
    log: { level: env.LOG_LEVEL },
    ...toObservabilityConfig(env),
  }
}

/** Without authentication all callers are one principal, and neither limit applies to it. */
function toAccessConfig(env: Variables) {
  const auth = env.AUTH === 'on'
  return {
    auth,
    internalPrivateKey: env.INTERNAL_PRIVATE_KEY ?? null,
    jwt: {
      keyFile: env.JWT_PUBLIC_KEY_PATH ?? null,
      keysUrl: env.JWT_JWKS_URL ?? null,
      issuer: env.JWT_ISSUER,
      audience: env.JWT_AUDIENCE,
      lifetimeMaxMs: env.JWT_LIFETIME_MAX_MS,
      revocationsEveryMs: env.JWT_REVOCATIONS_EVERY_MS,
    },
    rateLimit: { max: auth ? env.RATE_LIMIT_MAX : 1_000_000_000, windowMs: env.RATE_LIMIT_WINDOW_MS },
    presets: readPresets({
      strict: env.LIMITS_STRICT,
      standard: env.LIMITS_STANDARD,
      relaxed: env.LIMITS_RELAXED ?? (auth ? undefined : UNLIMITED),
    }),
  }
}
