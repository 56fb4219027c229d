import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openStreams } from '@redress/shared/testing/published-events.ts'
import { openTestRedis } from '@redress/shared/testing/stores.ts'
import { createClient } from 'graphql-ws'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { WebSocket } from 'ws'
import { findFreePort } from '../../scripts/stack/processes/free-port.ts'
import { launchNode } from '../../scripts/stack/processes/launch-node.ts'
import { startSubgraphs } from './subgraphs.ts'
import { issueMoved, publish } from './subscriptions/published.ts'
import { createGatewayEnvironment, GATEWAY_PROGRAM } from './subscriptions/real-gateway.ts'

/** LIVE_KILLS=50 LIVE_CHANGES=2000 is the long way, of two minutes or so. */
const KILLS = Number(process.env.LIVE_KILLS ?? 2)
const CHANGES = Number(process.env.LIVE_CHANGES ?? 150)
const ISSUES = 20
const CLIENTS = 4
/** The kill comes at a random moment within this after somebody heard something again. */
const KILL_WITHIN_MS = 120
const EVERY_MS = 2
const DATABASE = 9
const MOVES = `subscription Moves($after: String) {
  issueStatusChanged(after: $after) { cursor issueId changedBy issue { priority decision { action } } }
}`

const redis = await openTestRedis(DATABASE)
await openStreams(redis)
const directory = mkdtempSync(join(tmpdir(), 'gateway-kill-'))
const { environment, internalPublicKey, signToken } = createGatewayEnvironment(directory)
const subgraphs = await startSubgraphs(internalPublicKey)
const port = await findFreePort()
const token = await signToken({ roles: ['admin'], lifetime: '1h' })
let gateway: ChildProcess | null = null
afterAll(async () => {
  gateway?.kill('SIGKILL')
  await subgraphs.stop()
  rmSync(directory, { recursive: true })
})

async function startGateway() {
  const { child, ready } = launchNode(GATEWAY_PROGRAM, {
    ...environment,
    PORT: String(port),
    ISSUES_URL: subgraphs.urls.issues,
    DECISIONS_URL: subgraphs.urls.decisions,
    AUDIT_URL: subgraphs.urls.audit,
    REDIS_URL: `${inject('redisUrl')}/${DATABASE}`,
  })
  await ready
  return child
}

/** Comes back whenever it is cut off, and goes on behind the last event that it was told. */
function startFollower() {
  const heard: string[] = []
  const faults: unknown[] = []
  const stopped = new AbortController()
  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${token}` },
  })
  let after = new Date().toISOString()
  let isCut = false
  const follow = async () => {
    for await (const { data, errors } of client.iterate({ query: MOVES, variables: { after } })) {
      if (errors) faults.push(errors)
      // biome-ignore lint/suspicious/noExplicitAny: a result has the shape of the query
      const { cursor, issueId, changedBy, issue } = (data as any).issueStatusChanged
      if (issue?.decision?.action !== 'APPROVE_REFUND') faults.push(issue)
      heard.push(`${issueId} ${changedBy}`)
      after = cursor
      isCut = false
    }
  }
  const run = async () => {
    while (!stopped.signal.aborted) {
      isCut = true
      // A refusal by GraphQL, such as of a cursor, comes as a list; any other error means that the gateway is gone.
      await follow().catch((error) => Array.isArray(error) && faults.push(error))
      await pause(10)
    }
  }
  const running = run()
  return {
    heard,
    faults,
    isCut: () => isCut,
    async stop() {
      stopped.abort()
      await client.dispose()
      await running
    },
  }
}

describe('a gateway that is killed again and again', { timeout: 240_000 + KILLS * 60_000 }, () => {
  it('tells every client that comes back every event once, and in the order of each issue', async () => {
    gateway = await startGateway()
    const followers = Array.from({ length: CLIENTS }, startFollower)
    let kills = 0
    const published: string[] = []
    const publishAll = async () => {
      while (published.length < CHANGES) {
        // Some for each life of the gateway, so that each kill meets some.
        if (published.length >= (CHANGES * (kills + 1)) / (KILLS + 1)) await pause(EVERY_MS)
        else {
          const [id, number] = [`iss_${published.length % ISSUES}`, 2 + Math.floor(published.length / ISSUES)]
          published.push(`${id} ${number}`)
          await publish(redis, { ...issueMoved({ id, number }), actor: String(number) })
          await pause(EVERY_MS)
        }
      }
    }

    const publishing = publishAll()
    while (kills < KILLS) {
      const cutOff = () => followers.filter(({ isCut }) => isCut()).map(({ faults, heard }) => [heard.length, faults])
      await expect.poll(cutOff, { interval: 5 }).toEqual([])
      await pause(Math.random() * KILL_WITHIN_MS)
      gateway.kill('SIGKILL')
      kills++
      gateway = await startGateway()
    }
    await publishing

    for (const { heard, faults } of followers) {
      await expect.poll(() => heard.length).toBeGreaterThanOrEqual(CHANGES)
      expect(faults).toEqual([])
      expect([...heard].sort()).toEqual([...published].sort())
      expect(byIssue(heard)).toEqual(byIssue(published))
    }
    await Promise.all(followers.map(({ stop }) => stop()))
  })
})

function byIssue(moves: readonly string[]) {
  return Object.groupBy(moves, (move) => move.split(' ')[0]!)
}
