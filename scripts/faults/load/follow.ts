import { setTimeout as pause } from 'node:timers/promises'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWebSocketClient } from 'graphql-ws'
import type { Endpoint } from '../../stack/samples/graphql-client.ts'
import type { Followed, Heard } from '../check/observation.ts'
import type { FollowerPlan } from '../schedule/schedule.ts'
import { GATEWAYS, type System } from '../system/system.ts'

const RETURN_MS = 100

const QUERIES = {
  issueStatusChanged: `subscription Moves($after: String) {
    issueStatusChanged(after: $after) { cursor issueId to issue { status } }
  }`,
  decisionMade: `subscription Decisions($after: String) {
    decisionMade(after: $after) { cursor issueId decision { id } }
  }`,
} as const

type Event = Readonly<{ cursor: string; issueId: string; to?: string; decision?: Readonly<{ id: string }> }>
type Result = Readonly<{
  data?: Readonly<Record<string, unknown>> | null | undefined
  errors?: readonly Readonly<{ message: string }>[] | undefined
}>
type Connection = Readonly<{ results: AsyncIterable<Result>; cut: () => void }>

export type Follower = Readonly<{
  seen: () => Followed
  /** The place from which another follower of the field can go on. */
  cursor: () => string
  stop: () => Promise<void>
}>

/** A subscriber that returns with its last cursor whenever it is cut off, to the gateways in turn. Begins behind `after`. */
export function startFollower(system: System, plan: FollowerPlan, after: string): Follower {
  const { name, field, transport, dropsMs } = plan
  let cursor = after
  const heard: Heard[] = []
  const problems: string[] = []
  const stopped = new AbortController()
  let connection: Connection | null = null
  let turn = 0

  const follow = async () => {
    const endpoint = system.endpoint('admin', GATEWAYS[turn++ % GATEWAYS.length]!)
    connection = OPEN[transport](endpoint, { query: QUERIES[field], variables: { after: cursor } })
    for await (const { data, errors } of connection.results) {
      const event = data?.[field] as Event | undefined
      if (event === undefined) throw errors
      heard.push({ issueId: event.issueId, what: event.to ?? event.decision?.id ?? '', cursor: event.cursor })
      cursor = event.cursor
    }
  }
  const run = async () => {
    while (!stopped.signal.aborted) {
      // A refusal by GraphQL, such as of a cursor, is a list of errors; everything else is an absent gateway.
      await follow().catch((error) => Array.isArray(error) && problems.push(toProblem(error)))
      await pause(RETURN_MS)
    }
  }
  const drops = dropsMs.map((atMs) => setTimeout(() => connection?.cut(), atMs))
  const running = run()
  return {
    cursor: () => cursor,
    seen: () => ({ name, field, heard: [...heard], problems: [...problems] }),
    async stop() {
      stopped.abort()
      for (const drop of drops) clearTimeout(drop)
      connection?.cut()
      await running
    },
  }
}

const toProblem = (errors: readonly { message: string; extensions?: { code?: string } }[]) =>
  errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join('; ')

type Operation = Readonly<{ query: string; variables: Readonly<Record<string, unknown>> }>

const OPEN: Readonly<Record<FollowerPlan['transport'], (endpoint: Endpoint, operation: Operation) => Connection>> = {
  sse({ url, token }, operation) {
    const headers = { authorization: `Bearer ${token}` }
    const client = createSseClient({ url: `${url}/stream`, headers, retryAttempts: 0 })
    return { results: client.iterate(operation), cut: () => client.dispose() }
  },
  websocket({ url, token }, operation) {
    const client = createWebSocketClient({
      url: url.replace('http', 'ws'),
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${token}` },
    })
    return { results: client.iterate(operation), cut: () => client.terminate() }
  },
}
