import { appendTexts, openStreams } from '@redress/shared/testing/published-events.ts'
import { createClient as createSseClient } from 'graphql-sse'
import { describe, expect, it } from 'vitest'
import { follow, MOVES } from './live-client.ts'
import { decisionMade, issueCreated, issueMoved, jobUpdated, publish, publishJobs } from './published.ts'
import { openRaw, refusalOf } from './raw-client.ts'
import { openTestBed, until } from './test-gateway.ts'

const { redis, issues, startGateway, clientOf, untilLive } = await openTestBed(12)

const IN_TWO_SERVICES = 'subscription { issueStatusChanged { issueId issue { priority } } }'
const ALIASED = 'subscription { moved: issueStatusChanged { which: issueId issue { priority version } } }'
const DECISIONS = 'subscription { decisionMade { issueId action confidence routing decision { id } } }'
const FILTERED = `subscription Filtered($issueId: ID, $customerId: ID, $to: [IssueStatus!]) {
  issueStatusChanged(issueId: $issueId, customerId: $customerId, to: $to) { issueId to }
}`

const moment = (fromNowMs: number) => new Date(Date.now() + fromNowMs).toISOString()
const killConnections = async () => {
  const list = String(await redis.sendCommand(['CLIENT', 'LIST']))
  const own = String(await redis.sendCommand(['CLIENT', 'ID']))
  const ids = [...list.matchAll(/^id=(\d+) .*\bdb=12 /gm)].map(([, id]) => id!).filter((id) => id !== own)
  for (const id of ids) await redis.sendCommand(['CLIENT', 'KILL', 'ID', id])
}

const ANY_DECISION = 'subscription { decisionMade { issueId } }'
const ISSUE = 'query { issue(id: "iss_1") { id priority } }'
const stream = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: 'Bearer admin',
      ...headers,
    },
  })

describe('a subscription', () => {
  it('tells every move of an issue in the order of the stream, the first one from null', async () => {
    const gateway = await startGateway()
    const { received } = follow(clientOf(gateway))
    await untilLive(gateway, 1)

    await publish(redis, issueCreated(), issueMoved(), issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(() => received.length).toBe(3)
    expect(received.map(({ issueStatusChanged: { from, to } }) => [from, to])).toEqual([
      [null, 'PENDING'],
      ['PENDING', 'PROCESSING'],
      ['PENDING', 'RESOLVED'],
    ])
  })

  it('may select fields of other subgraphs, under names of its own', async () => {
    const gateway = await startGateway()
    const { received } = follow(clientOf(gateway), ALIASED)
    await untilLive(gateway, 1)

    await publish(redis, issueMoved())

    await until(() => received).toEqual([{ moved: { which: 'iss_1', issue: { priority: 'HIGH', version: 3 } } }])
  })

  it('to decisions tells what was decided', async () => {
    const gateway = await startGateway()
    const { received } = follow(clientOf(gateway), DECISIONS)
    await untilLive(gateway, 1)

    await publish(redis, decisionMade())

    const decided = { action: 'RETRY_PAYMENT', confidence: 85, routing: 'AUTO_RESOLVE', decision: { id: 'dec_1' } }
    await until(() => received).toEqual([{ decisionMade: { issueId: 'iss_1', ...decided } }])
  })

  it.for<[string, object]>([
    ['an issue', { issueId: 'iss_2' }],
    ['a customer', { customerId: 'cust_2' }],
    ['some statuses', { to: ['RESOLVED', 'FAILED'] }],
  ])('to %s tells of nothing else', async ([, variables]) => {
    const gateway = await startGateway()
    const { moves } = follow(clientOf(gateway), FILTERED, { ...variables })
    await untilLive(gateway, 1)

    await publish(redis, issueMoved(), issueMoved({ id: 'iss_2', customerId: 'cust_2', to: 'RESOLVED' }))

    await until(moves).toEqual(['iss_2 RESOLVED'])
  })

  it('does not tell an event again that is published again after Redis was lost', async () => {
    const gateway = await startGateway()
    const { moves } = follow(clientOf(gateway))
    await untilLive(gateway, 1)
    const seen = [issueCreated(), issueMoved()]
    await publish(redis, ...seen)
    await until(moves).toEqual(['iss_1 PENDING', 'iss_1 PROCESSING'])

    await redis.flushDb()
    await openStreams(redis)
    await publish(redis, ...seen, issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(moves).toEqual(['iss_1 PENDING', 'iss_1 PROCESSING', 'iss_1 RESOLVED'])
  })

  it('does not tell again what it told before it was live, if that is published again', async () => {
    const gateway = await startGateway()
    const after = moment(-1)
    const missed = [issueCreated(), issueMoved()]
    await publish(redis, ...missed)
    const { moves } = follow(clientOf(gateway), MOVES, { after })
    await until(moves).toEqual(['iss_1 PENDING', 'iss_1 PROCESSING'])
    await untilLive(gateway, 1)

    await redis.flushDb()
    await openStreams(redis)
    await publish(redis, ...missed, issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(moves).toEqual(['iss_1 PENDING', 'iss_1 PROCESSING', 'iss_1 RESOLVED'])
  })

  it('goes on without a gap when the connections to Redis were lost', async () => {
    const gateway = await startGateway()
    const { moves } = follow(clientOf(gateway))
    await untilLive(gateway, 1)

    await publish(redis, issueMoved())
    await until(moves).toEqual(['iss_1 PROCESSING'])
    await killConnections()
    await publish(redis, issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(moves).toEqual(['iss_1 PROCESSING', 'iss_1 RESOLVED'])
  })

  it('waits for a cursor whose entry a stream has lost, until the stream has it again', async () => {
    const gateway = await startGateway()
    const events = [issueCreated(), issueMoved()]
    const early = follow(clientOf(gateway))
    await untilLive(gateway, 1)
    await publish(redis, ...events)
    await until(() => early.received.length).toBe(2)
    const { cursor } = early.received[1].issueStatusChanged

    await redis.flushDb()
    await openStreams(redis)
    const late = follow(clientOf(gateway), MOVES, { after: cursor })
    await until(() => gateway.subscriptions.counts().catchingUp).toBe(1)
    await publish(redis, ...events, issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(late.moves).toEqual(['iss_1 RESOLVED'])
    await until(early.moves).toEqual(['iss_1 PENDING', 'iss_1 PROCESSING', 'iss_1 RESOLVED'])
  })

  it('waits for the end of a stream that lost it, although its cursor is still there', async () => {
    const gateway = await startGateway()
    const events = [issueCreated(), issueMoved(), issueMoved({ to: 'RESOLVED', number: 3 })]
    const early = follow(clientOf(gateway))
    await untilLive(gateway, 1)
    await publish(redis, ...events)
    await until(() => early.received.length).toBe(3)
    const { cursor } = early.received[0].issueStatusChanged

    await redis.flushDb()
    await openStreams(redis)
    await publish(redis, events[0]!)
    const late = follow(clientOf(gateway), MOVES, { after: cursor })
    await until(() => gateway.subscriptions.counts().catchingUp).toBe(1)
    await publish(redis, ...events.slice(1))

    await until(late.moves).toEqual(['iss_1 PROCESSING', 'iss_1 RESOLVED'])
    expect(early.received).toHaveLength(3)
  })

  it('ends with CURSOR_EXPIRED when the log of a stream was restored from an older copy', async () => {
    const gateway = await startGateway()
    const { state } = follow(clientOf(gateway))
    await untilLive(gateway, 1)
    await publish(redis, issueCreated(), issueMoved())

    await openStreams(redis, 'other epoch')
    await killConnections()

    await until(() => state.ended?.code).toBe('CURSOR_EXPIRED')
  })

  it('ends with CURSOR_EXPIRED when events were removed before the gateway has read them', async () => {
    const gateway = await startGateway()
    const { state } = follow(clientOf(gateway))
    await untilLive(gateway, 1)

    await redis
      .multi()
      .xAdd('events:issues', '1-0', { epoch: 'test', event: 'removed' })
      .xDel('events:issues', '1-0')
      .xAdd('events:issues', '2-0', { epoch: 'test', event: JSON.stringify(issueMoved()) })
      .exec()

    await until(() => state.ended?.code).toBe('CURSOR_EXPIRED')
  })

  it('passes over what is no event', async () => {
    const gateway = await startGateway()
    const { moves } = follow(clientOf(gateway))
    await untilLive(gateway, 1)

    await appendTexts(redis, 'events:issues', ['no event'])
    await publish(redis, { ...issueMoved(), id: 'odd', data: { to: 'NOWHERE' } }, issueMoved())

    await until(moves).toEqual(['iss_1 PROCESSING'])
  })
})

describe('subscribers of the same', () => {
  it('share one execution and one call of each subgraph for each event', async () => {
    const gateway = await startGateway()
    const followed = Array.from({ length: 20 }, () => follow(clientOf(gateway), IN_TWO_SERVICES))
    await untilLive(gateway, 20)
    const callsBefore = issues.calls()

    await publish(redis, issueMoved(), issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(() => followed.every(({ received }) => received.length === 2)).toBe(true)
    expect(gateway.done.answered).toBe(2)
    expect(issues.calls() - callsBefore).toBe(2)
    expect(gateway.subscriptions.counts().delivered.issueStatusChanged).toBe(40)
  })

  it('who come back share the answers to what they missed', async () => {
    const gateway = await startGateway()
    const after = moment(-1)
    await publish(redis, issueMoved(), issueMoved({ to: 'RESOLVED', number: 3 }))

    const followed = Array.from({ length: 20 }, () => follow(clientOf(gateway), MOVES, { after }))

    await until(() => followed.every(({ received }) => received.length === 2)).toBe(true)
    expect(gateway.done.answered).toBe(2)
  })

  it('are prepared anew without losing an event', async () => {
    const gateway = await startGateway()
    const { moves } = follow(clientOf(gateway))
    await untilLive(gateway, 1)

    const refreshing = gateway.subscriptions.refresh()
    await publish(redis, issueMoved())
    await refreshing
    await publish(redis, issueMoved({ to: 'RESOLVED', number: 3 }))

    await until(moves).toEqual(['iss_1 PROCESSING', 'iss_1 RESOLVED'])
    expect(gateway.done.prepared).toBe(2)
  })
})

describe('with `after`', () => {
  it('a cursor, everything behind it comes, and then what happens, without gap or repeat', async () => {
    const gateway = await startGateway()
    const early = follow(clientOf(gateway))
    await untilLive(gateway, 1)
    const numbers = Array.from({ length: 450 }, (_, index) => index + 2)
    await publish(redis, issueCreated())
    await until(() => early.received.length).toBe(1)
    const { cursor } = early.received[0].issueStatusChanged

    const publishing = publish(redis, ...numbers.map((number) => issueMoved({ id: `iss_${number}`, number })))
    const late = follow(clientOf(gateway), MOVES, { after: cursor })
    await publishing

    await until(() => late.received.length).toBe(450)
    expect(late.moves()).toEqual(numbers.map((number) => `iss_${number} PROCESSING`))
    await until(() => early.received.length).toBe(451)
  })

  it('a moment, everything since comes', async () => {
    const gateway = await startGateway()
    const after = moment(-1)
    await publish(redis, issueMoved({ at: moment(-10_000) }), issueMoved({ number: 3, to: 'RESOLVED' }))

    const { moves } = follow(clientOf(gateway), MOVES, { after })

    await until(moves).toEqual(['iss_1 RESOLVED'])
  })

  it.for<[string, string, string]>([
    ['that is none', 'nonsense', 'CURSOR_INVALID'],
    ['of another subscription', Buffer.from('d1-1 job-1').toString('base64url'), 'CURSOR_INVALID'],
    ['of an entry that is gone', Buffer.from('i1-1 iss_1-1').toString('base64url'), 'CURSOR_EXPIRED'],
  ])('a cursor %s, it ends with the reason', async ([, after, code]) => {
    const gateway = await startGateway()

    const { state } = follow(clientOf(gateway), MOVES, { after })

    await until(() => state.ended?.code).toBe(code)
  })

  it('a cursor that names another event than its entry is, it ends with CURSOR_INVALID', async () => {
    const gateway = await startGateway()
    const [entryId] = await publish(redis, issueMoved())

    const after = Buffer.from(`i${entryId} iss_9-9`).toString('base64url')
    const { state } = follow(clientOf(gateway), MOVES, { after })

    await until(() => state.ended?.code).toBe('CURSOR_INVALID')
  })

  it('a moment before the first event of a stream that lost none, all comes', async () => {
    const gateway = await startGateway()
    await publish(redis, issueMoved())

    const { moves } = follow(clientOf(gateway), MOVES, { after: moment(-30 * 60 * 1000) })

    await until(moves).toEqual(['iss_1 PROCESSING'])
  })

  it('a moment that the stream no longer reaches back to, it ends with CURSOR_EXPIRED', async () => {
    const gateway = await startGateway()
    const since = moment(-1_000)
    const [, second] = await publish(redis, issueMoved(), issueMoved({ number: 3 }))
    await redis.xTrim('events:issues', 'MINID', second as unknown as number)

    const { state } = follow(clientOf(gateway), MOVES, { after: since })

    await until(() => state.ended?.code).toBe('CURSOR_EXPIRED')
  })
})

describe('access to events', () => {
  it('a customer receives events of their own issues only', async () => {
    const gateway = await startGateway()
    const { moves } = follow(clientOf(gateway, 'customer/cust_1'))
    await untilLive(gateway, 1)

    await publish(redis, issueMoved({ id: 'iss_2', customerId: 'cust_2' }), issueMoved())

    await until(moves).toEqual(['iss_1 PROCESSING'])
  })

  it('a customer may not follow decisions', async () => {
    const gateway = await startGateway()

    const { state } = follow(clientOf(gateway, 'customer/cust_1'), ANY_DECISION)

    await until(() => state.ended?.code).toBe('FORBIDDEN')
  })

  it('no event is delivered after the token has expired', async () => {
    let now = 1_000
    const gateway = await startGateway({ now: () => now })
    gateway.expireAt('operator', 2_000)
    const { received, state } = follow(clientOf(gateway, 'operator'))
    await untilLive(gateway, 1)

    now = 2_000
    await publish(redis, issueMoved())

    await until(() => state.ended).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(received).toEqual([])
  })

  it('no event is delivered after the credentials were revoked, and the socket is closed', async () => {
    let now = 1_000
    const gateway = await startGateway({ now: () => now })
    const raw = await openRaw(gateway.websocketUrl)
    await raw.introduce({ 'X-API-Key': 'operator' })
    raw.subscribe('1', MOVES)
    await untilLive(gateway, 1)

    gateway.revoke('operator')
    now += 5_000
    await publish(redis, issueMoved())

    expect(await raw.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
    expect(raw.heard.at(-1)).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  })
})

describe('changes of jobs', () => {
  const JOBS = `subscription ($after: String) {
    jobUpdated(type: "analytics-track", after: $after) { cursor jobId queueName state }
  }`
  const statesOf = (received: readonly { jobUpdated: { jobId: string; state: string } }[]) =>
    received.map(({ jobUpdated: { jobId, state } }) => `${jobId} ${state}`)

  it('reach an operator, and whoever added the job; behind a cursor, from there on', async () => {
    const gateway = await startGateway()
    const [all, own] = ['operator', 'service'].map((shown) => follow(clientOf(gateway, shown), JOBS))
    await untilLive(gateway, 2)

    await publishJobs(redis, jobUpdated(), jobUpdated({ id: 'job_2', addedBy: 'service', state: 'FAILED' }))

    await until(() => statesOf(all!.received)).toEqual(['job_1 ACTIVE', 'job_2 FAILED'])
    await until(() => statesOf(own!.received)).toEqual(['job_2 FAILED'])
    const after = all!.received[0].jobUpdated.cursor
    const late = follow(clientOf(gateway, 'operator'), JOBS, { after })
    await until(() => statesOf(late.received)).toEqual(['job_2 FAILED'])
  })

  it('that Redis has lost end the subscription with CURSOR_EXPIRED, as does a cursor to them', async () => {
    const gateway = await startGateway()
    const { received, state } = follow(clientOf(gateway), JOBS)
    await untilLive(gateway, 1)
    await publishJobs(redis, jobUpdated())
    await until(() => statesOf(received)).toEqual(['job_1 ACTIVE'])
    const after = received[0].jobUpdated.cursor

    await redis.flushDb()
    await openStreams(redis)
    await publishJobs(redis, jobUpdated({ number: 2, state: 'COMPLETED' }))

    await until(() => state.ended?.code).toBe('CURSOR_EXPIRED')
    const late = follow(clientOf(gateway), JOBS, { after })
    await until(() => late.state.ended?.code).toBe('CURSOR_EXPIRED')
  })
})

describe('too much', () => {
  it.for<[string, object, string]>([
    ['principal', { subscriptionsPerPrincipalMax: 1 }, 'principal'],
    ['process', { subscriptionsPerProcessMax: 1 }, 'process'],
    ['socket', { subscriptionsPerSocketMax: 1 }, 'socket'],
  ])('one subscription more than a %s may have is refused, and the others stay', async ([, limits, per]) => {
    const gateway = await startGateway({ limits })
    const client = clientOf(gateway)
    const first = follow(client)
    await untilLive(gateway, 1)

    const second = follow(client)
    await until(() => second.state.ended?.code).toBe('TOO_MANY_SUBSCRIPTIONS')
    await publish(redis, issueMoved())

    await until(() => first.received.length).toBe(1)
    expect(per).toMatch(/principal|process|socket/)
  })

  it('one socket more than a caller may have is closed, and one more than an address may have is not opened', async () => {
    const narrow = await startGateway({ limits: { subscriptionsPerPrincipalMax: 1, socketsPerAddressMax: 3 } })
    const first = await openRaw(narrow.websocketUrl)
    await first.introduce()

    const second = await openRaw(narrow.websocketUrl)
    second.say({ type: 'connection_init', payload: { authorization: 'Bearer admin' } })
    expect(await second.closed).toEqual({ code: 4429, reason: 'Too many sockets' })
    const other = await openRaw(narrow.websocketUrl)
    await other.introduce({ authorization: 'Bearer operator' })
    await openRaw(narrow.websocketUrl)

    expect(await refusalOf(narrow.websocketUrl, {})).toBe(429)
    first.close()
    await until(() => refusalOf(narrow.websocketUrl, {})).toBe(101)
  })

  it('a stream more than an address may have is refused', async () => {
    const narrow = await startGateway({ limits: { socketsPerAddressMax: 1 } })
    const first = await stream(narrow.sseUrl, { query: MOVES })

    expect((await stream(narrow.sseUrl, { query: MOVES })).status).toBe(503)
    await first.body?.cancel()
    await until(async () => (await stream(narrow.sseUrl, { query: ISSUE })).status).toBe(200)
  })

  it('a place is free again after its subscription has ended', async () => {
    const gateway = await startGateway({ limits: { subscriptionsPerPrincipalMax: 1 } })
    const client = clientOf(gateway)
    const first = follow(client)
    await untilLive(gateway, 1)
    first.stop()
    await untilLive(gateway, 0)

    follow(client)

    await untilLive(gateway, 1)
  })

  it('a slow reader is disconnected, with the cursor from which it can continue', async () => {
    const gateway = await startGateway({ limits: { bufferedBytesMax: 100_000 } })
    const raw = await openRaw(gateway.websocketUrl)
    await raw.introduce()
    raw.subscribe('1', 'subscription { issueStatusChanged { cursor changedBy } }')
    await untilLive(gateway, 1)

    raw.socket.pause()
    const long = 'x'.repeat(500_000)
    for (let number = 2; number < 30; number++) await publish(redis, { ...issueMoved({ number }), actor: long })
    await until(() => gateway.subscriptions.counts().slowReaders).toBe(1)
    raw.socket.resume()

    const { code, reason } = await raw.closed
    const delivered = raw.heard.filter(({ type }) => type === 'next')
    const { cursor } = delivered.at(-1).payload.data.issueStatusChanged
    expect([code, reason]).toEqual([4429, `SLOW_READER ${cursor}`])
  })
})

describe('a gateway that stops', () => {
  it('closes its sockets with 1001 and ends its streams with the last cursor', async () => {
    const gateway = await startGateway()
    const socket = follow(clientOf(gateway))
    const response = await stream(gateway.sseUrl, { query: MOVES })
    await untilLive(gateway, 2)
    await publish(redis, issueMoved())
    await until(() => socket.received.length).toBe(1)

    await gateway.stop()

    await until(() => socket.state.ended?.close).toBe(1001)
    const text = await response.text()
    const { cursor } = socket.received[0].issueStatusChanged
    expect(text).toContain(`"extensions":{"code":"GATEWAY_STOPPING","cursor":"${cursor}"}`)
    expect(text).toMatch(/event: complete\ndata:\n\n$/)
  })
})

describe('a socket', () => {
  it('answers queries too', async () => {
    const gateway = await startGateway()
    const { received, state } = follow(clientOf(gateway), ISSUE)

    await until(() => state.ended).toEqual({})
    expect(received).toEqual([{ issue: { id: 'iss_1', priority: 'HIGH' } }])
  })

  it('hears what is wrong with a document, and stays', async () => {
    const gateway = await startGateway()
    const raw = await openRaw(gateway.websocketUrl)
    await raw.introduce()

    raw.subscribe('1', 'subscription { nothing }')
    raw.subscribe('2', 'not GraphQL')
    raw.say({ type: 'ping', payload: { at: 1 } })

    await until(() => raw.heard.length).toBe(4)
    expect(raw.heard.filter(({ type }) => type === 'error').map(({ id }) => id)).toEqual(['1', '2'])
    expect(raw.heard).toContainEqual({ type: 'pong', payload: { at: 1 } })
    raw.close()
  })

  it('hears nothing more of what it has completed', async () => {
    const gateway = await startGateway()
    const raw = await openRaw(gateway.websocketUrl)
    await raw.introduce()
    raw.subscribe('1', MOVES)
    raw.subscribe('2', MOVES)
    await untilLive(gateway, 2)

    raw.say({ id: '1', type: 'complete' })
    await untilLive(gateway, 1)
    await publish(redis, issueMoved())

    await until(() => raw.heard.length).toBe(2)
    expect(raw.heard[1]).toMatchObject({ id: '2', type: 'next' })
    raw.close()
  })

  it.for<[string, number, readonly unknown[]]>([
    ['that says something else', 4400, ['nothing']],
    ['that subscribes before it says who it is', 4401, [{ id: '1', type: 'subscribe', payload: { query: MOVES } }]],
    ['that does not say who it is', 4408, []],
    ['of nobody we know', 4403, [{ type: 'connection_init', payload: { authorization: 'Bearer nobody' } }]],
    ['that says twice who it is', 4429, [{ type: 'connection_init' }, { type: 'connection_init' }]],
  ])('%s is closed with %i', async ([, code, messages]) => {
    // Only who says nothing is waited for.
    const gateway = await startGateway(messages.length === 0 ? { initTimeoutMs: 100 } : {})
    const raw = await openRaw(gateway.websocketUrl, messages.length > 1 ? { headers: { 'x-api-key': 'admin' } } : {})

    for (const message of messages) raw.say(message)

    expect((await raw.closed).code).toBe(code)
  })

  it('that uses an id twice is closed with 4409', async () => {
    const gateway = await startGateway()
    const raw = await openRaw(gateway.websocketUrl)
    await raw.introduce()

    raw.subscribe('1', MOVES)
    raw.subscribe('1', MOVES)

    expect((await raw.closed).code).toBe(4409)
  })

  it('may say who it is by a header of the upgrade', async () => {
    const gateway = await startGateway()
    const raw = await openRaw(gateway.websocketUrl, { headers: { authorization: 'Bearer admin' } })

    raw.say({ type: 'connection_init' })

    await until(() => raw.heard).toEqual([{ type: 'connection_ack' }])
    raw.close()
  })

  it('of a page that may not, or at another path, is not opened', async () => {
    const gateway = await startGateway()
    const from = (origin: string) => refusalOf(gateway.websocketUrl, { origin })

    expect(await from('https://evil.example')).toBe(403)
    expect(await from('https://console.redress.dev')).toBe(101)
    expect(await refusalOf(`${gateway.websocketUrl}/elsewhere`, {})).toBe(404)
  })

  it('whose client does not answer a ping is dropped', async () => {
    const gateway = await startGateway({ pingEveryMs: 1_000 })
    const raw = await openRaw(gateway.websocketUrl)
    await raw.introduce()
    raw.subscribe('1', MOVES)
    await untilLive(gateway, 1)

    raw.socket.pause()

    await untilLive(gateway, 0)
  })
})

describe('a stream of server-sent events', () => {
  it('tells what happens to a client of the library', async () => {
    const gateway = await startGateway()
    const client = createSseClient({
      url: gateway.sseUrl,
      headers: { authorization: 'Bearer admin' },
      retryAttempts: 0,
    })
    const results = client.iterate({ query: MOVES })
    const first = results.next()
    await untilLive(gateway, 1)

    await publish(redis, issueMoved())

    expect((await first).value).toMatchObject({ data: { issueStatusChanged: { to: 'PROCESSING' } } })
    client.dispose()
    await untilLive(gateway, 0)
  })

  it('goes on behind a cursor, by GET too', async () => {
    const gateway = await startGateway()
    const variables = JSON.stringify({ after: moment(-1) })
    await publish(redis, issueMoved(), issueMoved({ number: 3, to: 'RESOLVED' }))
    const search = new URLSearchParams({ query: MOVES, variables })

    const response = await fetch(`${gateway.sseUrl}?${search}`, { headers: { authorization: 'Bearer admin' } })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('RESOLVED')) text += (await reader.read()).value

    expect(text.match(/event: next/g)).toHaveLength(2)
    await reader.cancel()
  })

  it('answers a query and ends', async () => {
    const gateway = await startGateway()

    const response = await stream(gateway.sseUrl, { query: ISSUE })

    expect(await response.text()).toBe(
      ':\n\nevent: next\ndata: {"data":{"issue":{"id":"iss_1","priority":"HIGH"}}}\n\nevent: complete\ndata:\n\n',
    )
  })

  it('says by an event what GraphQL has against a request, and ends', async () => {
    const gateway = await startGateway()

    const response = await stream(gateway.sseUrl, { query: MOVES, variables: { after: 'nonsense' } })

    const text = await response.text()
    expect(text).toContain('CURSOR_INVALID')
    expect(text).toMatch(/event: complete\ndata:\n\n$/)
  })

  it.for<[string, number, object, Record<string, string>]>([
    ['of nobody we know', 401, { query: MOVES }, { authorization: '' }],
    ['that is no GraphQL request', 400, { nothing: true }, {}],
    ['that wants another kind of answer', 400, { query: MOVES }, { accept: 'application/json' }],
  ])('%s is refused with %i', async ([, status, body, headers]) => {
    const gateway = await startGateway()

    expect((await stream(gateway.sseUrl, body, headers)).status).toBe(status)
  })
})
