import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import type { ReadyMessage } from '@redress/shared/process/lifecycle.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { createTestPublisher } from '@redress/shared/testing/published-events.ts'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { issueEvents } from './events.ts'
import { type Database, openDatabase, openRedis } from './stores.ts'
import { ask, codesOf, INTERNAL_PUBLIC_KEY } from './tokens.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const REDIS_DATABASE = 11

let database: Database
let redis: Redis
let running: ChildProcess[] = []
beforeAll(async () => {
  database = await openDatabase(inject('mongoUri'))
  redis = await openRedis(inject('redisUrl'), REDIS_DATABASE)
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running = []
})
afterAll(async () => {
  await redis.flushDb()
  redis.destroy()
  await database.drop()
})

const deadLetter = {
  ...{ _id: 'audit events:issues e 1', group: 'audit', stream: STREAMS.issues, sequence: 1, entity: 'Issue iss_9' },
  ...{ eventType: 'issue.created', text: JSON.stringify(issueEvents('iss_9', 1)[0]), reason: 'no', attempts: 10 },
  ...{ nextAttemptAt: null, at: new Date() },
}

async function start(environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      MONGODB_URI: inject('mongoUri'),
      REDIS_URL: String(new URL(`/${REDIS_DATABASE}`, inject('redisUrl'))),
      AUDIT_DATABASE: database.db.databaseName,
      AUDIT_PORT: '0',
      LOG_LEVEL: 'error',
      STORAGE_FREE_MIN_PERCENT: '0',
      INTERNAL_PUBLIC_KEY,
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  running.push(child)
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'exit').then(([code]) => ({ code, said }))
  const ready = once(child, 'message').then(([message]) => (message as ReadyMessage).url)
  return { child, ended, ready }
}

describe('the audit process', () => {
  it('starts without Redis, is degraded, and answers what the database can answer', async () => {
    const { ready } = await start({ REDIS_URL: 'redis://127.0.0.1:1' })
    const url = await ready

    const health = await fetch(`${url}/health/ready`)
    const answer = await ask(url, 'admin', '{ verifyAuditChain { valid } }')

    expect([health.status, await health.json()]).toMatchObject([
      200,
      { status: 'degraded', dependencies: { redis: 'down' } },
    ])
    expect(answer.data).toEqual({ verifyAuditChain: { valid: true } })

    await database.collections.deadEvents.insertOne(deadLetter)
    const letters = '{ auditDeadLetters(filter: { isDead: true }) { totalCount nodes { eventId eventType reason } } }'
    const replay = 'mutation { replayAuditDeadLetters { replayed isComplete } }'

    expect(codesOf(await ask(url, 'read_only', letters))).toEqual(['FORBIDDEN'])
    expect(codesOf(await ask(url, 'reviewer', replay))).toEqual(['FORBIDDEN'])
    expect((await ask(url, 'operator', letters)).data).toEqual({
      auditDeadLetters: { totalCount: 1, nodes: [{ eventId: 'iss_9-1', eventType: 'issue.created', reason: 'no' }] },
    })
    expect((await ask(url, 'operator', replay)).data?.replayAuditDeadLetters).toEqual({ replayed: 1, isComplete: true })
    expect((await ask(url, 'operator', replay)).data?.replayAuditDeadLetters).toEqual({ replayed: 0, isComplete: true })
    const recorded = await database.collections.entries.find({ entityId: 'audit' }).toArray()
    expect(recorded).toMatchObject([{ action: 'dead_letters.replayed', actor: 'ada', entityType: 'ConsumerGroup' }])
    await database.collections.entries.deleteMany({ entityId: 'audit' })
    await database.collections.heads.deleteMany({ _id: 'head' })
    await database.collections.deadEvents.deleteMany({ group: 'audit' })
  })

  it('loses nothing and records nothing twice when it is killed at work; the next one goes on, and ends on a signal', async () => {
    const EVENTS = 1_500
    const events = issueEvents('iss_1', EVENTS)
    const { publish } = await createTestPublisher(redis, STREAMS.issues)
    await publish(...events.slice(0, 1_200))
    const length = () => database.collections.entries.countDocuments()

    const first = await start()
    await expect.poll(length, { interval: 5 }).toBeGreaterThan(0)
    first.child.kill('SIGKILL')
    await first.ended
    await publish(...events.slice(1_200))

    const next = await start()
    const url = await next.ready
    await expect.poll(length).toBe(EVENTS)
    const answer = await ask(url, 'admin', '{ verifyAuditChain { valid entries lastSequence reason } }')
    expect(answer.data?.verifyAuditChain).toEqual({ valid: true, entries: EVENTS, lastSequence: EVENTS, reason: null })
    const health = async () => (await fetch(`${url}/health/ready`)).json()
    await expect.poll(health).toMatchObject({ status: 'ready', dependencies: { mongodb: 'up', redis: 'up' } })

    next.child.kill('SIGTERM')

    expect(await next.ended).toEqual({ code: 0, said: '' })
  })
})
