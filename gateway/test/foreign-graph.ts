import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { composeServices } from '@apollo/composition'
import { NO_TELEMETRY } from '@redress/shared/telemetry/telemetry.ts'
import { parse } from 'graphql'
import { pino } from 'pino'
import { Cancellation } from '../src/execution/cancellation.ts'
import { parseExact } from '../src/execution/exact-json.ts'
import type { OperationContext } from '../src/execution/operation-context.ts'
import type { OpenPlanner } from '../src/execution/planning/planning.ts'
import { createSubgraphs, type SubgraphsOptions } from '../src/execution/subgraphs/subgraphs.ts'
import { createPersistedDocuments } from '../src/operations/documents/persisted-documents.ts'
import { createGraph } from '../src/operations/graph.ts'
import { readPresets } from '../src/operations/limits/presets.ts'
import { toOperationRequest } from '../src/operations/operation-request.ts'
import { RefusedOperationError } from '../src/operations/refusal.ts'
import { createOperations } from '../src/operations/run-operation.ts'
import type { Answer } from './gateway.ts'
import { planInProcess } from './plan-in-process.ts'

export const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external",
  "@requires", "@provides", "@interfaceObject", "@override", "@shareable", "@inaccessible"])\n`

export type Asked = Readonly<{ query: string; variables: Record<string, unknown>; text: string }>
/** The answer of a subgraph: an object as JSON with status 200, or the whole answer. */
export type Reply = object | Readonly<{ status?: number; headers?: Record<string, string>; body: string | Buffer }>
export type Respond = (asked: Asked) => Reply | Promise<Reply>

export type ForeignSubgraph = Readonly<{ sdl: string; respond: Respond }>

export type ForeignGraph = Awaited<ReturnType<typeof openForeignGraph>>

type Options = Readonly<{ openPlanner?: OpenPlanner; options?: Partial<SubgraphsOptions> }>

/** Composes subgraphs with stand-ins for their addresses. @throws if they cannot be composed. */
export function composeSubgraphs(sdls: Readonly<Record<string, string>>): string {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(sdls).map(([name, sdl]) => ({ name, url: standInOf(name), typeDefs: parse(LINK + sdl) })),
  )
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join('\n'))
  return supergraphSdl
}

const standInOf = (name: string) => `http://${name}.test/graphql`

/** Our operations over subgraphs that are not ours, each with an HTTP server of its own. */
export function openForeignGraph(given: Readonly<Record<string, ForeignSubgraph>>, options?: Options) {
  const supergraph = composeSubgraphs(Object.fromEntries(Object.entries(given).map(([name, { sdl }]) => [name, sdl])))
  return serveForeignGraph(supergraph, given, options)
}

/** The same, of subgraphs that `composeSubgraphs` has composed: composition takes longer than most tests. */
export async function serveForeignGraph(
  supergraph: string,
  given: Readonly<Record<string, Pick<ForeignSubgraph, 'respond'>>>,
  { openPlanner = planInProcess, options = {} }: Options = {},
) {
  const servers = await Promise.all(Object.entries(given).map(([name, { respond }]) => startSubgraph(name, respond)))
  const logger = pino({ level: 'silent' })
  const subgraphs = createSubgraphs({
    services: {},
    timeoutMs: 60_000,
    breaker: { failuresMax: 5, openMs: 60_000 },
    signToken: null,
    logger,
    telemetry: NO_TELEMETRY,
    onCall: () => {},
    onBreaker: () => {},
    ...options,
  })
  const text = servers.reduce((composed, { name, url }) => composed.replaceAll(standInOf(name), url), supergraph)
  const graph = createGraph(text, { sourceOf: subgraphs.sourceOf, local: () => ({}), openPlanner })
  const persisted = createPersistedDocuments({ trusted: new Map(), trustedOnly: false })
  const operations = createOperations({
    graph,
    persisted,
    introspection: true,
    presets: readPresets({ relaxed: '999999999/99' }),
    logger,
  })

  /** The text of the answer. */
  const run = async (body: string): Promise<string> => {
    try {
      return await operations.run(toOperationRequest(parseExact(body)), createContext())
    } catch (error) {
      if (error instanceof RefusedOperationError) return JSON.stringify({ errors: error.errors })
      throw error
    }
  }
  return {
    schema: graph.schema,
    run,
    async ask(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
      return JSON.parse(await run(JSON.stringify({ query, variables }))) as Answer
    },
    async close() {
      await subgraphs.close()
      for (const { stop } of servers) stop()
    },
  }
}

async function startSubgraph(name: string, respond: Respond) {
  const server = createServer(async (request, response) => {
    const text = await readText(request)
    const reply = await respond({ ...(JSON.parse(text) as Omit<Asked, 'text'>), text })
    const {
      status = 200,
      headers = {},
      body = JSON.stringify(reply),
    } = reply as { body?: string; status?: number } & {
      headers?: Record<string, string>
    }
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { name, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, stop }
}

function createContext(): OperationContext {
  return {
    caller: {
      principal: { id: 'ada', roles: ['admin'], customerId: null, tenant: 'default' },
      scope: 'admin',
      expiresAt: null,
      requestsPerMinute: null,
      isStillValid: () => true,
    },
    requestId: 'r1',
    clientIp: '127.0.0.1',
    traceparent: null,
    cancellation: new Cancellation(),
    endsAt: performance.now() + 120_000,
    event: null,
    observed: { operationName: null, operationType: null, codes: [], isRefused: false },
  }
}
