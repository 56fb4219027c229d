import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStreams } from '@redress/shared/testing/published-events.ts'
import { openTestRedis } from '@redress/shared/testing/stores.ts'
import type { Client } from 'graphql-ws'
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest'
import { startTestGateway } from './gateway.ts'
import type { TokenClaims } from './keys.ts'
import { startOddSubgraph } from './subgraphs.ts'
import { connect, follow } from './subscriptions/live-client.ts'
import { issueMoved, publish } from './subscriptions/published.ts'

const DATABASE = 8
const IN_THREE_SERVICES = `subscription Whole($issueId: ID) {
  issueStatusChanged(issueId: $issueId) {
    to
    issue { priority decision { action } auditTrail { nodes { actor } } }
  }
}`
const WHOLE = { priority: 'NORMAL', decision: { action: 'APPROVE_REFUND' }, auditTrail: { nodes: [{ actor: 'ada' }] } }
const MOVES = `subscription Moves($issueId: ID, $after: String) {
  issueStatusChanged(issueId: $issueId, after: $after) { cursor issueId to }
}`

const redis = await openTestRedis(DATABASE)
await openStreams(redis)
const directory = mkdtempSync(join(tmpdir(), 'gateway-live-'))
const supergraphFile = join(directory, 'supergraph.graphql')
copyFileSync(fileURLToPath(new URL('../supergraph.graphql', import.meta.url)), supergraphFile)
const environment = { REDIS_URL: `${inject('redisUrl')}/${DATABASE}` }
const sick = await startOddSubgraph((_, response) => response.writeHead(500).end())
const gateway = await startTestGateway({ environment: { ...environment, SUPERGRAPH: supergraphFile } })
const narrow = await startTestGateway({
  urls: { audit: sick.url },
  environment: { ...environment, SUBSCRIPTIONS_PER_CALLER: '1', LIMITS_STANDARD: '3/10' },
})
afterAll(async () => {
  await Promise.all([gateway.stop(), narrow.stop()])
  sick.stop()
  rmSync(directory, { recursive: true })
})

const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()))
  await until(() => countOpen(gateway)).toBe(0)
  await until(() => countOpen(narrow)).toBe(0)
})

type Gateway = typeof gateway
const until = (read: () => unknown) => expect.poll(read, { interval: 10 })
const clientOf = async (at: Gateway, claims: TokenClaims = { roles: ['admin'] }) => {
  const token = await at.signToken(claims)
  const client = connect(`${at.url.replace('http', 'ws')}/graphql`, { authorization: `Bearer ${token}` })
  clients.push(client)
  return client
}
const countOpen = async (at: Gateway) => {
  const metrics = await at.metrics()
  return Number(/^subscriptions_open\{field="issueStatusChanged"\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
}
/** Publishes until somebody hears: a subscription that is counted may not be live yet. */
const publishUntilHeard = async (received: readonly unknown[], ...events: Parameters<typeof issueMoved>[0][]) => {
  let number = 2
  const heard = async () => {
    if (received.length === 0)
      await publish(redis, ...events.map((event) => issueMoved({ ...event, number: number++ })))
    return received.length
  }
  await expect.poll(heard, { interval: 200 }).toBeGreaterThan(0)
}

describe('an event', () => {
  it('brings fields of all three services through a socket, and is counted', async () => {
    const { received } = follow(await clientOf(gateway), IN_THREE_SERVICES, { issueId: 'three' })
    await until(() => countOpen(gateway)).toBe(1)

    await publishUntilHeard(received, { id: 'three' })

    expect(received[0]).toEqual({ issueStatusChanged: { to: 'PROCESSING', issue: WHOLE } })
    const metrics = await gateway.metrics()
    expect(metrics).toMatch(/^subscription_events_total\{field="issueStatusChanged"\} [1-9]/m)
  })

  it('brings the same as a server-sent event', async () => {
    const response = await fetch(`${gateway.url}/graphql/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${gateway.token}`,
      },
      body: JSON.stringify({ query: IN_THREE_SERVICES, variables: { issueId: 'streamed' } }),
    })
    const received: string[] = []
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const reading = (async () => {
      for (let text = ''; received.length === 0; ) {
        text += (await reader.read()).value
        received.push(...[...text.matchAll(/event: next\ndata: (.*)\n/g)].map(([, data]) => data!))
      }
    })()

    await publishUntilHeard(received, { id: 'streamed' })
    await reading

    expect(JSON.parse(received[0]!)).toEqual({ data: { issueStatusChanged: { to: 'PROCESSING', issue: WHOLE } } })
    await reader.cancel()
  })

  it('comes with null for what a sick service should have said', async () => {
    const { received } = follow(await clientOf(narrow), IN_THREE_SERVICES, { issueId: 'half' })

    await publishUntilHeard(received, { id: 'half' })

    const { data, errors } = received[0]
    expect(data).toEqual({ issueStatusChanged: { to: 'PROCESSING', issue: { ...WHOLE, auditTrail: null } } })
    expect(errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'audit' } }])
  })
})

describe('who follows issues', () => {
  it('is refused without the permission', async () => {
    const { state } = follow(await clientOf(gateway, { roles: ['monitoring'] }), MOVES)

    await until(() => state.ended?.code).toBe('FORBIDDEN')
  })

  it('hears only of their own as a customer', async () => {
    const { received, moves } = follow(await clientOf(gateway, { roles: ['customer'], customerId: 'cust_7' }), MOVES)

    await publishUntilHeard(received, { id: 'other', customerId: 'cust_8' }, { id: 'own', customerId: 'cust_7' })

    expect(new Set(moves())).toEqual(new Set(['own PROCESSING']))
  })

  it.for<[string, string]>([
    ['CURSOR_INVALID', 'yesterday'],
    ['CURSOR_EXPIRED', Buffer.from('i1-1 gone-1').toString('base64url')],
  ])('is told %s', async ([code, after]) => {
    const { state } = follow(await clientOf(gateway), MOVES, { after })

    await until(() => state.ended?.code).toBe(code)
  })

  it('is cut off with 4403 when the token expires', async () => {
    // Clocks may be five seconds apart, so this one is good for another five.
    const client = await clientOf(gateway, { roles: ['admin'], lifetime: '0s' })
    const closed = Promise.withResolvers<unknown>()
    client.on('closed', closed.resolve)
    follow(client, MOVES, { issueId: 'expiring' })
    await until(() => countOpen(gateway)).toBe(1)

    expect(await closed.promise).toMatchObject({ code: 4403, reason: 'UNAUTHENTICATED' })
  })

  it('may have no more than so many subscriptions', async () => {
    const client = await clientOf(narrow)
    const first = follow(client, MOVES, { issueId: 'many' })
    await until(() => countOpen(narrow)).toBe(1)

    const { state } = follow(client, MOVES, { issueId: 'many' })

    await until(() => state.ended?.code).toBe('TOO_MANY_SUBSCRIPTIONS')
    expect(first.state.ended).toBeNull()
  })

  it('may not ask for more than an event may cost', async () => {
    const { state } = follow(await clientOf(narrow, { roles: ['operator'] }), IN_THREE_SERVICES)

    await until(() => state.ended?.code).toBe('QUERY_TOO_COSTLY')
  })

  it('goes on when another graph is put in force', async () => {
    const { received } = follow(await clientOf(gateway), MOVES, { issueId: 'reloaded' })
    await publishUntilHeard(received, { id: 'reloaded', to: 'PROCESSING' })
    const graph = readFileSync(supergraphFile, 'utf8')
    writeFileSync(supergraphFile, graph.replace('An issue came in,', 'An issue has come in,'))
    await until(() => gateway.logged.map(({ msg }) => msg)).toContain('the supergraph has changed, and is in force')

    await publish(redis, issueMoved({ id: 'reloaded', to: 'RESOLVED', number: 99 }))

    await until(() => received.at(-1).issueStatusChanged.to).toBe('RESOLVED')
  })
})

describe('a socket', () => {
  it('runs queries and mutations over all services', async () => {
    const client = await clientOf(gateway)
    const query = follow(client, '{ issue(id: "iss_1") { id decision { action } } }')
    const mutation = follow(
      client,
      `mutation { createIssue(input: {
        idempotencyKey: "live-1", customerId: "cust_1", transactionId: "txn_1",
        details: { refundRequest: { reason: DEFECTIVE, daysSincePurchase: 1 } }
      }) { issue { id auditTrail { nodes { actor } } } } }`,
    )

    await until(() => [query.state.ended, mutation.state.ended]).toEqual([{}, {}])
    expect(query.received).toEqual([{ issue: { id: 'iss_1', decision: { action: 'APPROVE_REFUND' } } }])
    const created = { id: 'iss_1', auditTrail: { nodes: [{ actor: 'ada' }] } }
    expect(mutation.received).toEqual([{ createIssue: { issue: created } }])
  })
})
