import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { readConfig } from '../src/config.ts'
import { openPlanPool } from '../src/execution/planning/plan-pool.ts'
import { startGateway } from '../src/start.ts'
import { createKeys, pemOf, signToken, type TokenClaims } from './keys.ts'
import { METRICS_TOKEN, readMetrics } from './read-metrics.ts'
import { startSubgraphs } from './subgraphs.ts'

type Options = Readonly<{
  /** Addresses to use in place of those of the real subgraphs. */
  urls?: Readonly<Partial<Record<'issues' | 'decisions' | 'audit', string>>>
  /** More of the configuration. */
  environment?: NodeJS.ProcessEnv
}>

export type Answer = Readonly<{
  data?: Record<string, unknown> | null
  errors?: readonly { message: string; path?: unknown[]; extensions: Record<string, unknown> }[]
}>

/** Threads that plan for all gateways of this process: each takes half a second to read the supergraph. */
const plans = openPlanPool()

/** The gateway as its program starts it, over three real subgraphs, all in this process and on ports of their own. */
export async function startTestGateway({ urls = {}, environment = {} }: Options = {}) {
  const keys = createKeys()
  const directory = mkdtempSync(join(tmpdir(), 'gateway-test-'))
  const keyFile = join(directory, 'jwt.pem')
  writeFileSync(keyFile, pemOf(keys.jwt.publicKey))
  const real = await startSubgraphs(keys.internalPublicKey)
  const logged: Record<string, unknown>[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(JSON.parse(line)) })
  const token = await signToken(keys.jwt.privateKey, { roles: ['admin'] })

  const config = readConfig({
    PORT: '0',
    ISSUES_URL: urls.issues ?? real.urls.issues,
    DECISIONS_URL: urls.decisions ?? real.urls.decisions,
    AUDIT_URL: urls.audit ?? real.urls.audit,
    INTERNAL_PRIVATE_KEY: keys.internalPrivateKey,
    JWT_PUBLIC_KEY_PATH: keyFile,
    METRICS_TOKEN,
    // The first call of a test to the audit subgraph is its own.
    JWT_REVOCATIONS_EVERY_MS: '0',
    ADDRESS_RATE_LIMIT_MAX: '1000000',
    RATE_LIMIT_MAX: '100000',
    // Defaults of tests: no answer is late, however busy the machine is.
    SUBGRAPH_TIMEOUT_MS: '120000',
    REQUEST_TIMEOUT_MS: '180000',
    HEALTH_CHECK_TIMEOUT_MS: '30000',
    ...environment,
  })
  const gateway = await startGateway(config, logger, plans)

  return {
    url: gateway.url,
    token,
    logged,
    calls: real.calls,
    metricsUrl: gateway.metricsUrl,
    metrics: () => readMetrics(gateway.url),
    signToken: (claims: TokenClaims) => signToken(keys.jwt.privateKey, claims),
    post: (body: unknown, init: RequestInit = {}) => post(`${gateway.url}/graphql`, body, { token, init }),
    async ask(query: string, variables?: Record<string, unknown>): Promise<Answer> {
      const response = await post(`${gateway.url}/graphql`, { query, variables }, { token })
      return (await response.json()) as Answer
    },
    stopSubgraphs: real.stop,
    async stop() {
      await gateway.close()
      await real.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

function post(url: string, body: unknown, { token, init = {} }: { token: string; init?: RequestInit }) {
  return fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...init.headers },
  })
}
