import { readFileSync } from 'node:fs'
import { createInternalTokenSigner } from '@redress/shared/internal-token.ts'
import { pino } from 'pino'
import { createTokenVerifier } from '../src/access/verify-token.ts'
import { createSubgraphs, isSubgraphReady } from '../src/execution/subgraphs.ts'
import { createGraphqlRoute } from '../src/http/graphql-route.ts'
import { createPlaygroundRoute } from '../src/http/playground/playground-route.ts'
import { serveGateway } from '../src/http/serve-gateway.ts'
import { createGraph } from '../src/operations/graph.ts'
import { createOperations } from '../src/operations/run-operation.ts'
import { createKeys, signToken, type TokenClaims } from './keys.ts'
import { startSubgraphs } from './subgraphs.ts'

type Options = Readonly<{
  /** Addresses to use in place of those of the real subgraphs. */
  urls?: Readonly<Record<string, string>>
  timeoutMs?: number
  introspection?: boolean
  trustProxy?: boolean
  devToken?: string
}>

export type Answer = Readonly<{
  data?: Record<string, unknown> | null
  errors?: readonly { message: string; path?: unknown[]; extensions: Record<string, unknown> }[]
}>

/** A gateway over three real subgraphs, all in this process and on ports of their own. */
export async function startTestGateway(options: Options = {}) {
  const { urls = {}, timeoutMs = 5_000, introspection = true, trustProxy = false } = options
  const keys = createKeys()
  const real = await startSubgraphs(keys.internalPublicKey)
  const logged: Record<string, unknown>[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(JSON.parse(line)) })

  const subgraphs = createSubgraphs({
    services: { ...real.urls, ...urls },
    timeoutMs,
    signToken: createInternalTokenSigner(keys.internalPrivateKey),
    logger,
    onCall: () => {},
    onBreaker: () => {},
  })
  const graph = createGraph(readFileSync(new URL('../supergraph.graphql', import.meta.url), 'utf8'), subgraphs.sourceOf)
  const operations = createOperations({ graph, introspection, logger })
  const token = await signToken(keys.jwt.privateKey, { roles: ['admin'] })
  const gateway = await serveGateway({
    graphql: createGraphqlRoute({
      operations,
      verifyToken: createTokenVerifier({
        keys: async () => keys.jwt.publicKey,
        issuer: 'redress',
        audience: 'redress',
      }),
    }),
    playground: createPlaygroundRoute({ devToken: options.devToken ?? token }),
    checks: Object.fromEntries(subgraphs.all().map((one) => [one.name, () => isSubgraphReady(one, 500)])),
    trustProxy,
    port: 0,
    host: '127.0.0.1',
    logger,
  })

  return {
    url: gateway.url,
    token,
    logged,
    calls: real.calls,
    signToken: (claims: TokenClaims) => signToken(keys.jwt.privateKey, claims),
    post: (body: unknown, init: RequestInit = {}) => post(`${gateway.url}/graphql`, body, { token, init }),
    async ask(query: string, variables?: Record<string, unknown>): Promise<Answer> {
      const response = await post(`${gateway.url}/graphql`, { query, variables }, { token })
      return (await response.json()) as Answer
    },
    stopSubgraphs: real.stop,
    async stop() {
      await gateway.close()
      await subgraphs.close()
      await real.stop()
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
