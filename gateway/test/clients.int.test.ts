import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
  Observable,
} from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { openStreams } from '@redress/shared/testing/published-events.ts'
import { openTestRedis } from '@redress/shared/testing/stores.ts'
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { print } from 'graphql'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createSocketClient } from 'graphql-ws'
import { firstValueFrom } from 'rxjs'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { WebSocket } from 'ws'
import { startTestGateway } from './gateway.ts'
import { issueMoved, publish } from './subscriptions/published.ts'

const DATABASE = 53
const ISSUE = 'query Issue($id: ID!) { issue(id: $id) { id status } }'
const CREATE = `mutation Create { createIssue(input: {
  idempotencyKey: "client-1", customerId: "cust_1", transactionId: "txn_1",
  details: { refundRequest: { reason: DEFECTIVE, daysSincePurchase: 1 } }
}) { issue { id } } }`
const MOVES = 'subscription Moves($issueId: ID) { issueStatusChanged(issueId: $issueId) { issueId to } }'

const redis = await openTestRedis(DATABASE)
await openStreams(redis)
const gateway = await startTestGateway({ environment: { REDIS_URL: `${inject('redisUrl')}/${DATABASE}` } })
const url = `${gateway.url}/graphql`
const headers = { authorization: `Bearer ${gateway.token}` }
const sockets = createSocketClient({
  url: url.replace('http', 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: headers,
  retryAttempts: 0,
})
const events = createSseClient({ url, headers, retryAttempts: 0 })
afterAll(async () => {
  events.dispose()
  await sockets.dispose()
  await gateway.stop()
})

const opened = async () => {
  const metrics = await gateway.metrics()
  return Number(/^subscriptions_open\{field="issueStatusChanged"\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
}
/** Publishes events of an issue until the first of them has been received, and no longer. */
async function firstMove<T>(issueId: string, subscribe: (next: (value: T) => void) => () => void): Promise<T> {
  const received: T[] = []
  const stop = subscribe((value) => received.push(value))
  await expect.poll(opened).toBe(1)
  let number = 2
  const publishNext = async () => {
    if (received.length === 0) await publish(redis, issueMoved({ id: issueId, number: number++ }))
    return received.length
  }
  await expect.poll(publishNext, { interval: 100 }).toBeGreaterThan(0)
  stop()
  await expect.poll(opened).toBe(0)
  return received[0]!
}

/** As the documentation of graphql-sse shows it. */
const eventLink = new ApolloLink(
  ({ query, operationName, variables }) =>
    new Observable((observer) =>
      events.subscribe(
        { query: print(query), ...(operationName && { operationName }), variables },
        {
          next: (result) => observer.next(result as ApolloLink.Result),
          error: (error) => observer.error(error),
          complete: () => observer.complete(),
        },
      ),
    ),
)

describe('Apollo Client', () => {
  const clientOf = (link: ApolloLink) =>
    new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'no-cache' } } })

  it.for(['POST', 'GET'])('reads by %s', async (method) => {
    const client = clientOf(new HttpLink({ uri: url, headers, useGETForQueries: method === 'GET' }))

    const { data } = await client.query({ query: gql(ISSUE), variables: { id: 'iss_1' } })

    expect(data).toMatchObject({ issue: { id: 'iss_1', status: 'RESOLVED' } })
  })

  it('writes', async () => {
    const { data } = await clientOf(new HttpLink({ uri: url, headers })).mutate({ mutation: gql(CREATE) })

    expect(data).toMatchObject({ createIssue: { issue: { id: 'iss_1' } } })
  })

  it.for(['POST', 'GET'])('shows what the gateway has against an operation sent by %s', async (method) => {
    const client = clientOf(new HttpLink({ uri: url, headers, useGETForQueries: method === 'GET' }))

    const error = await client.query({ query: gql('{ nope }') }).catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(CombinedGraphQLErrors)
    expect(error).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] })
  })

  it.for<[string, ApolloLink]>([
    ['graphql-ws', new GraphQLWsLink(sockets)],
    ['graphql-sse', eventLink],
  ])('follows issues through %s', async ([name, link]) => {
    const issueId = `apollo-${name}`

    const move = await firstMove(issueId, (next) => {
      const moves = clientOf(link).subscribe({ query: gql(MOVES), variables: { issueId } })
      const subscription = moves.subscribe({ next: ({ data }) => next(data) })
      return () => subscription.unsubscribe()
    })

    expect(move).toMatchObject({ issueStatusChanged: { issueId, to: 'PROCESSING' } })
  })

  it.for<[string, ApolloLink]>([
    ['graphql-ws', new GraphQLWsLink(sockets)],
    ['graphql-sse', eventLink],
  ])('hears what the gateway has against an operation through %s', async ([, link]) => {
    const result = firstValueFrom(clientOf(link).subscribe({ query: gql('subscription { nope }') }))

    expect(await result).toMatchObject({ error: { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] } })
  })
})

describe('urql', () => {
  const clientOf = (options: Partial<ConstructorParameters<typeof Client>[0]> = {}) =>
    new Client({
      url,
      exchanges: [cacheExchange, fetchExchange],
      fetchOptions: { headers },
      requestPolicy: 'network-only',
      preferGetMethod: false,
      ...options,
    })

  it.for([false, 'force'] as const)('reads with preferGetMethod %s', async (preferGetMethod) => {
    const { data } = await clientOf({ preferGetMethod }).query(ISSUE, { id: 'iss_1' })

    expect(data).toMatchObject({ issue: { id: 'iss_1', status: 'RESOLVED' } })
  })

  it('writes', async () => {
    expect((await clientOf().mutation(CREATE, {})).data).toMatchObject({ createIssue: { issue: { id: 'iss_1' } } })
  })

  it.for([false, 'force'] as const)('shows errors with preferGetMethod %s', async (preferGetMethod) => {
    const { error } = await clientOf({ preferGetMethod }).query('{ nope }', {})

    expect(error?.graphQLErrors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
  })

  it.for<[string, Partial<ConstructorParameters<typeof Client>[0]>]>([
    ['its own server-sent events', { fetchSubscriptions: true }],
    [
      'graphql-ws',
      {
        exchanges: [
          subscriptionExchange({
            forwardSubscription: ({ query = '', variables }) => ({
              subscribe: (sink) => ({
                unsubscribe: sockets.subscribe(
                  { query, variables: variables as Record<string, unknown> },
                  sink as never,
                ),
              }),
            }),
          }),
        ],
      },
    ],
  ])('follows issues through %s', async ([name, options]) => {
    const issueId = `urql-${name}`

    const move = await firstMove(issueId, (next) => {
      const subscription = clientOf(options)
        .subscription(MOVES, { issueId })
        .subscribe(({ data }) => next(data))
      return () => subscription.unsubscribe()
    })

    expect(move).toMatchObject({ issueStatusChanged: { issueId, to: 'PROCESSING' } })
  })
})

describe('a client of graphql-ws', () => {
  it.for<[string, string]>([
    ['query', '{ nope }'],
    ['mutation', 'mutation { nope }'],
    ['subscription', 'subscription { nope }'],
  ])('hears by an error that a %s is not valid, and nothing else of it', async ([, query]) => {
    const received: unknown[] = []
    const error = await new Promise((reject) => {
      sockets.subscribe({ query }, { next: (value) => received.push(value), error: reject, complete: () => {} })
    })

    expect(error).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
    expect(received).toEqual([])
  })
})
