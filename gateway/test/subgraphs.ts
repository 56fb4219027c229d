import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
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
const AT = '2030-01-01T00:00:00.000Z'

const FOLDERS = { issues: 'issues-service', decisions: 'decision-service', audit: 'audit-service' } as const
type Name = keyof typeof FOLDERS
const NAMES = Object.keys(FOLDERS) as Name[]

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
