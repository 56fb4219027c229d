import { type Client, type CloseCode, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export const MOVES =
  'subscription Moves($after: String) { issueStatusChanged(after: $after) { cursor issueId from to } }'

// biome-ignore lint/suspicious/noExplicitAny: a result has the shape that the test asked for.
type Result = any
type Ended = Readonly<{ code?: string; close?: CloseCode | number; reason?: string; cursor?: string }>

/** A client of the library that browsers use too; it does not come back by itself. */
export function connect(url: string, payload: Record<string, unknown> = { authorization: 'Bearer admin' }): Client {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: payload })
}

/** A subscription with everything that came to it, and how it ended. */
export function follow(client: Client, query: string = MOVES, variables: Record<string, unknown> = {}) {
  const received: Result[] = []
  const state: { ended: Ended | null } = { ended: null }
  const stop = client.subscribe(
    { query, variables },
    {
      next: ({ data, errors }) => received.push(errors ? { data, errors } : data),
      error: (error) => {
        state.ended = toEnded(error)
      },
      complete: () => {
        state.ended ??= {}
      },
    },
  )
  return {
    received,
    state,
    stop,
    moves: () => received.map(({ issueStatusChanged: move }) => `${move.issueId} ${move.to}`),
  }
}

function toEnded(error: unknown): Ended {
  if (Array.isArray(error)) return { code: error[0].extensions?.code, cursor: error[0].extensions?.cursor }
  const { code, reason } = error as { code: number; reason: string }
  return { close: code, reason }
}
