import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { API_KEY_ID_BYTES, API_KEY_SECRET_BYTES, hashOfApiKey, toApiKeySecret } from '@redress/shared/access/api-key.ts'
import { createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Route } from '@redress/shared/subgraph/routes.ts'
import { buildSchema, serveSchema } from '@redress/shared/subgraph/serve-subgraph.ts'

type Resolvers = Parameters<typeof buildSchema>[0]['resolvers']
type Call = Readonly<{ subgraph: string; context: RequestContext<unknown> }>
/** Stands where services have their loaders: notes a call. */
type Context = RequestContext<{ seen: (context: RequestContext<unknown>) => void }>

export const ISSUE = { id: 'iss_1', type: 'REFUND_REQUEST', status: 'RESOLVED', priority: 'NORMAL', version: 3 }
type Ingested = Readonly<{ events: readonly { id: string }[] }>
const REFUSED = { code: 'IDEMPOTENCY_CONFLICT', message: 'Used before.', path: null }
const AT = '2030-01-01T00:00:00.000Z'

const FOLDERS = { issues: 'issues-service', decisions: 'decision-service', audit: 'audit-service' } as const
type Name = keyof typeof FOLDERS
const NAMES = Object.keys(FOLDERS) as Name[]

/** The API keys that the audit subgraph knows, by id. */
const API_KEYS = new Map<string, object>()

/** A key that is valid for all gateways of this process. @returns its secret. */
export function createApiKey(role: string): string {
  const id = randomBytes(API_KEY_ID_BYTES).toString('hex')
  const secret = toApiKeySecret(id, randomBytes(API_KEY_SECRET_BYTES))
  const facts = { name: role, hash: hashOfApiKey(secret), roles: [role], tenant: 'default' }
  API_KEYS.set(id, { ...facts, requestsPerMinute: null, expiresAt: null, revokedAt: null })
  return secret
}

/** Resolvers of just what the tests ask for. */
const RESOLVERS: Readonly<Record<Name, Resolvers>> = {
  issues: {
    Query: {
      issue: (_: unknown, { id }: { id: string }, context: Context) => {
        context.loaders.seen(context)
        if (id === 'bug') throw new Error('secret: mongodb://root:hunter2@db.internal')
        if (id === 'refused') throw new ForbiddenError('issue:read:*')
        return id === 'iss_1' ? { ...ISSUE } : null
      },
      issues: (_: unknown, __: unknown, context: Context) => {
        context.loaders.seen(context)
        return {
          nodes: [{ ...ISSUE }],
          edges: [],
          pageInfo: { hasNextPage: false, hasPreviousPage: false },
          totalCount: 1,
        }
      },
    },
    Mutation: {
      createIssue: (_: unknown, __: unknown, context: Context) => {
        context.loaders.seen(context)
        return { issue: { ...ISSUE } }
      },
      // Refuses the events whose id says so, as the service may refuse any.
      ingestPaymentEvents: (_: unknown, { events }: Ingested, context: Context) => {
        context.loaders.seen(context)
        const results = events.map(({ id }, index) =>
          id.includes('refused') ? { index, outcome: 'REFUSED', error: REFUSED } : { index, outcome: 'ACCEPTED' },
        )
        const refused = results.filter(({ outcome }) => outcome === 'REFUSED').length
        return { results, accepted: events.length - refused, duplicates: 0, refused }
      },
    },
    Issue: {
      __resolveReference: (reference: object, context: Context) => {
        context.loaders.seen(context)
        return { ...ISSUE, ...reference }
      },
      customer: () => ({ id: 'cust_042', riskScore: 15 }),
      resolution: () => ({ action: 'APPROVE_REFUND', by: 'rules', at: AT }),
      // The schema promises a list; a subgraph with a bug breaks the promise.
      statusHistory: () => null,
    },
    IssueDetails: { __resolveType: () => 'RefundRequestDetails' },
  },
  decisions: {
    Query: {
      queues: (_: unknown, __: unknown, context: Context) => {
        context.loaders.seen(context)
        return []
      },
    },
    Issue: {
      __resolveReference: (reference: object, context: Context) => {
        context.loaders.seen(context)
        return { ...reference }
      },
      decision: () => ({
        id: 'dec_1',
        action: 'APPROVE_REFUND',
        confidence: 91,
        routing: 'AUTO_RESOLVE',
        engine: 'RULES',
        reasoning: 'Within the return window.',
        policyApplied: 'refund/defective',
        trace: [],
      }),
    },
  },
  audit: {
    Query: { findApiKey: (_: unknown, { id }: { id: string }) => API_KEYS.get(id) ?? null },
    Issue: {
      __resolveReference: (reference: object, context: Context) => {
        context.loaders.seen(context)
        return { ...reference }
      },
      auditTrail: () => ({
        nodes: [{ sequence: 1, action: 'issue.created', actor: 'ada', at: AT, hash: 'f00' }],
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false },
        totalCount: 1,
      }),
    },
  },
}

/** The content of the file is its ticket. */
const serveTicket: Route = async ({ search }, response) => void response.end(search.get('ticket'))

const schemas = new Map<Name, ReturnType<typeof buildSchema>>()

/** The real schema of a subgraph, which takes long to build, and is the same for all gateways of this process. */
function schemaOf(name: Name) {
  const schemaFile = new URL(`../../${FOLDERS[name]}/schema.graphql`, import.meta.url)
  const schema = schemas.get(name) ?? buildSchema({ schemaFile, resolvers: RESOLVERS[name] })
  schemas.set(name, schema)
  return schema
}

/** The three subgraphs with their real schemas, doors and checks, on ports of their own. */
export async function startSubgraphs(internalPublicKey: string) {
  const calls: Call[] = []
  const servers = await Promise.all(
    NAMES.map(async (name) => {
      const server = await serveSchema(schemaOf(name), {
        name,
        createLoaders: () => ({ seen: (context: RequestContext<unknown>) => calls.push({ subgraph: name, context }) }),
        routes: name === 'decisions' ? { [DOWNLOADS_PATH]: serveTicket } : {},
        verifyToken: createInternalTokenVerifier(internalPublicKey),
        checks: {},
        port: 0,
        host: '127.0.0.1',
        logger: createLogger(name, { level: 'silent' }),
      })
      return [name, server] as const
    }),
  )
  return {
    calls,
    urls: Object.fromEntries(servers.map(([name, { url }]) => [name, url])) as Record<Name, string>,
    stop: async () => void (await Promise.all(servers.map(([, server]) => server.close()))),
  }
}

/** A subgraph that behaves as `listener` says, on a port of its own. */
export async function startOddSubgraph(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
