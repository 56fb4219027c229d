import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@redress/shared/errors.ts'
import { readBody, startHttpServer } from '@redress/shared/process/http.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { verifyToken } from '@redress/shared/testing/callers.ts'
import { silent } from '@redress/shared/testing/stores.ts'

const BODY_BYTES_MAX = 100_000

/** The fault of one request: the server fails, executes the request and never answers, or closes the connection. */
export type Fault = 'fails' | 'never answers' | 'hangs up'
export type Operation = 'PaymentBalance' | 'PaymentSignals' | 'PaymentCase'

type Money = Readonly<{ amount: number; currency: string }>
export type KnownCustomer = Readonly<{
  riskScore: number
  transactions: readonly Readonly<{ amount: Money; status: string }>[]
  issues: readonly Readonly<{ type: string; createdAt: Date }>[]
}>
type CaseInput = Readonly<{ paymentId: string; customerId: string }>

class KeyReusedError extends AppError {
  override readonly name = 'KeyReusedError'
  readonly code = 'IDEMPOTENCY_CONFLICT'
  readonly kind = 'refused'
}

/**
 * A stand-in for the issues subgraph: its schema, its permissions, and as much behind them as payments need. Tests can
 * inject faults into its operations.
 */
export async function openIssuesSubgraph(customers: Readonly<Record<string, KnownCustomer>>) {
  const cases = new Map<string, CaseInput>()
  const faults: Record<Operation, Fault[]> = { PaymentBalance: [], PaymentSignals: [], PaymentCase: [] }
  const asked: Operation[] = []
  const readers: Readonly<{ by: string; requestId: string }>[] = []

  const openPaymentCase = (_: unknown, { input }: { input: CaseInput }) => {
    const before = cases.get(input.paymentId)
    if (before && JSON.stringify(before) !== JSON.stringify(input)) throw new KeyReusedError()
    cases.set(input.paymentId, input)
    return { issue: { id: `iss_of_${input.paymentId}` } }
  }
  const subgraph = await serveSubgraph({
    name: 'issues',
    schemaFile: new URL('../../issues-service/schema.graphql', import.meta.url),
    resolvers: {
      Query: {
        customer: (_: unknown, { id }: { id: string }, { principal, requestId }: RequestContext<null>) => {
          readers.push({ by: principal.id, requestId })
          return customers[id] ?? null
        },
      },
      Mutation: { openPaymentCase },
      Customer: {
        transactions: ({ transactions }: KnownCustomer) => ({ nodes: transactions }),
        issues: ({ issues }: KnownCustomer, { filter }: { filter: { from: Date } }) => ({
          nodes: issues.filter(({ createdAt }) => createdAt >= filter.from),
        }),
      },
    },
    createLoaders: () => null,
    verifyToken,
    checks: {},
    port: 0,
    host: '127.0.0.1',
    logger: silent,
  })

  const hanging = new Set<ServerResponse>()
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = String(await readBody(request, BODY_BYTES_MAX))
    const operation = (Object.keys(faults) as Operation[]).find((name) => body.includes(name))!
    asked.push(operation)
    const fault = faults[operation].shift()
    if (fault === 'hangs up') return void request.socket.resetAndDestroy()
    if (fault === 'fails') return void response.writeHead(500).end('<h1>no</h1>')
    const headers = Object.fromEntries(
      ['authorization', 'x-request-id', 'content-type'].map((name) => [name, String(request.headers[name])]),
    )
    const answered = await fetch(`${subgraph.url}/graphql`, { method: 'POST', headers, body })
    const text = await answered.text()
    if (fault === 'never answers') return void hanging.add(response)
    response.writeHead(answered.status, { 'content-type': 'application/json' }).end(text)
  }
  const door = await startHttpServer((request, response) => void answer(request, response), {
    port: 0,
    host: '127.0.0.1',
  })

  return {
    url: door.url,
    cases,
    faults,
    /** Every request that came to the door. */
    asked,
    /** In whose name customers were read. */
    readers,
    async close() {
      for (const response of hanging) response.destroy()
      await door.close()
      await subgraph.close()
    },
  }
}
