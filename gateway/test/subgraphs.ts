import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Route } from '@redress/shared/subgraph/routes.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'

type Resolvers = Parameters<typeof serveSubgraph>[0]['resolvers']
type Call = Readonly<{ subgraph: string; context: RequestContext<unknown> }>

export const ISSUE = { id: 'iss_1', type: 'REFUND_REQUEST', status: 'RESOLVED', priority: 'NORMAL', version: 3 }
const AT = '2030-01-01T00:00:00.000Z'

/** Resolvers of just what the tests ask for; `seen` notes who asked. */
const RESOLVERS: Readonly<Record<string, (seen: (context: RequestContext<unknown>) => void) => Resolvers>> = {
  issues: (seen) => ({
    Query: {
      issue: (_: unknown, { id }: { id: string }, context: RequestContext<unknown>) => {
        seen(context)
        if (id === 'bug') throw new Error('secret: mongodb://root:hunter2@db.internal')
        if (id === 'refused') throw new ForbiddenError('issue:read:*')
        return id === 'iss_1' ? { ...ISSUE } : null
      },
      issues: (_: unknown, __: unknown, context: RequestContext<unknown>) => {
        seen(context)
        return {
          nodes: [{ ...ISSUE }],
          edges: [],
          pageInfo: { hasNextPage: false, hasPreviousPage: false },
          totalCount: 1,
        }
      },
    },
    Mutation: {
      createIssue: (_: unknown, __: unknown, context: RequestContext<unknown>) => {
        seen(context)
        return { issue: { ...ISSUE } }
      },
    },
    Issue: {
      __resolveReference: (reference: object, context: RequestContext<unknown>) => {
        seen(context)
        return { ...ISSUE, ...reference }
      },
      customer: () => ({ id: 'cust_042', riskScore: 15 }),
      resolution: () => ({ action: 'APPROVE_REFUND', by: 'rules', at: AT }),
      // The schema promises a list; a subgraph with a bug breaks the promise.
      statusHistory: () => null,
    },
    IssueDetails: { __resolveType: () => 'RefundRequestDetails' },
  }),
  decisions: (seen) => ({
    Query: {
      queues: (_: unknown, __: unknown, context: RequestContext<unknown>) => {
        seen(context)
        return []
      },
    },
    Issue: {
      __resolveReference: (reference: object, context: RequestContext<unknown>) => {
        seen(context)
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
  }),
  audit: (seen) => ({
    Issue: {
      __resolveReference: (reference: object, context: RequestContext<unknown>) => {
        seen(context)
        return { ...reference }
      },
      auditTrail: () => ({
        nodes: [{ sequence: 1, action: 'issue.created', actor: 'ada', at: AT, hash: 'f00' }],
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false },
        totalCount: 1,
      }),
    },
  }),
}

/** The content of the file is its ticket. */
const serveTicket: Route = async ({ search }, response) => void response.end(search.get('ticket'))

const FOLDERS = { issues: 'issues-service', decisions: 'decision-service', audit: 'audit-service' } as const

/** The three subgraphs with their real schemas, doors and checks, on ports of their own. */
export async function startSubgraphs(internalPublicKey: string) {
  const calls: Call[] = []
  const servers = await Promise.all(
    Object.entries(FOLDERS).map(async ([name, folder]) => {
      const server = await serveSubgraph({
        name,
        schemaFile: new URL(`../../${folder}/schema.graphql`, import.meta.url),
        resolvers: RESOLVERS[name]!((context) => calls.push({ subgraph: name, context })),
        createLoaders: () => ({}),
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
    urls: Object.fromEntries(servers.map(([name, { url }]) => [name, url])) as Record<keyof typeof FOLDERS, string>,
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
