import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { beforeAll, describe, expect, it } from 'vitest'
import { redisPidFileIn } from '../../scripts/stack/redis/redis-predecessor.ts'
import { declineInput, type System } from './system.ts'

/** CRASH_ISSUES=300 or more is the long way. */
const ISSUES = Number(process.env.CRASH_ISSUES ?? 40)
const ROWS = 10
const SIDE_BY_SIDE = 3
/** The kill comes at a random moment within this, while issues are created and decided. */
const KILL_WITHIN_MS = 900

/** The replicas of services with which a crash leaves one to go on. */
export const REPLICAS = { issues: 2, worker: 2 }

/** The system of this run: it is expensive to start, and shared with other tests, which come first. */
let system: System

const pidOf = (name: string) => system.stack.processes[name]!.pid!
const pidOfRedis = () => Number(readFileSync(redisPidFileIn(join(system.dataDirectory, 'redis')), 'utf8'))

async function pidOfRelayLeader(): Promise<number> {
  const redis = createClient({ url: system.stack.environmentOf('issues').REDIS_URL! })
  await redis.connect()
  try {
    const holder = () => redis.get('leader:relay:events:issues')
    await expect.poll(holder).not.toBeNull()
    return Number((await holder())?.split(':')[0])
  } finally {
    redis.destroy()
  }
}

const CREATE_ROWS = `mutation Rows($inputs: [CreateIssueInput!]!) {
  createIssues(inputs: $inputs) { results { issue { id } error { code } } }
}`

/** Asks until it is answered, with the same keys each time, as a caller does who must not create twice. */
async function createRows(inputs: readonly object[]): Promise<string[]> {
  for (;;) {
    try {
      const { data, errors } = await system.ask('operator', CREATE_ROWS, { inputs })
      if (!errors) return data.createIssues.results.map((row: { issue: { id: string } }) => row.issue.id)
    } catch {
      // The gateway or a service is restarting.
    }
    await pause(100)
  }
}

async function createAll(): Promise<string[]> {
  const batches = Array.from({ length: ISSUES / ROWS }, () =>
    Array.from({ length: ROWS }, () => declineInput({ idempotencyKey: randomUUID() })),
  )
  const created: string[] = []
  const caller = async () => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) created.push(...(await createRows(batch)))
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, caller))
  return created
}

const PAGE = `query Page($after: String) {
  issues(first: ${Math.min(ISSUES, 100)}, after: $after) {
    nodes { id status version statusHistory { from to } decisions { nodes { id } } auditTrail(first: 20) { nodes { id action sequence } } }
    pageInfo { hasNextPage endCursor }
  }
}`

type Seen = {
  id: string
  status: string
  version: number
  statusHistory: { from: string | null; to: string }[]
  decisions: { nodes: { id: string }[] }
  auditTrail: { nodes: { id: string; action: string; sequence: number }[] }
}

/** The newest issues, until all of `ids` are among them. */
async function readAll(ids: readonly string[]): Promise<Seen[]> {
  const wanted = new Set(ids)
  const found: Seen[] = []
  let after: string | null = null
  while (wanted.size > 0) {
    const { data, errors } = await system.ask('admin', PAGE, { after })
    if (errors) throw new Error(errors.map(({ message }) => message).join())
    found.push(...data.issues.nodes.filter(({ id }: Seen) => wanted.delete(id)))
    if (!data.issues.pageInfo.hasNextPage) break
    after = data.issues.pageInfo.endCursor
  }
  return found
}

/** A customer with very many issues is looked at by a person. */
const FINAL = ['RESOLVED', 'AWAITING_REVIEW']

/** How many are not yet where they will be, on record included. */
async function countUnsettled(ids: readonly string[]): Promise<number> {
  try {
    const seen = await readAll(ids)
    const settled = seen.filter(({ status, auditTrail }) => FINAL.includes(status) && auditTrail.nodes.length >= 3)
    return ids.length - settled.length
  } catch {
    return ids.length
  }
}

/** Declares the tests that kill each process of a system with these REPLICAS. They leave many issues behind. */
export function describeCrashes(systemOf: () => System): void {
  describe('killed at a random moment while many issues are on their way', () => {
    beforeAll(() => {
      system = systemOf()
    })

    it.for<[string, () => number | Promise<number>]>([
      ['the gateway', () => pidOf('gateway')],
      ['the issues service', () => pidOf('issues')],
      ['the decision service', () => pidOf('decisions')],
      ['a worker', () => pidOf('worker')],
      ['the audit service', () => pidOf('audit')],
      ['the leader that relays events', pidOfRelayLeader],
      ['Redis', pidOfRedis],
      ['the database', () => pidOf('devdb')],
    ])('%s: every issue is decided and on record exactly once', async ([, findPid]) => {
      const creating = createAll()
      await pause(Math.random() * KILL_WITHIN_MS)
      process.kill(await findPid(), 'SIGKILL')
      const ids = await creating

      await expect.poll(() => countUnsettled(ids), { timeout: 200_000, interval: 400 }).toBe(0)
      const seen = await readAll(ids)

      expect(new Set(ids).size).toBe(ISSUES)
      expect(seen).toHaveLength(ISSUES)
      for (const { status, version, statusHistory, decisions, auditTrail } of seen) {
        expect(statusHistory).toEqual([
          { from: null, to: 'PENDING' },
          { from: 'PENDING', to: 'PROCESSING' },
          { from: 'PROCESSING', to: status },
        ])
        expect(version).toBe(3)
        expect(decisions.nodes).toHaveLength(1)
        expect(auditTrail.nodes.map(({ action }) => action)).toEqual([
          'ISSUE_CREATED',
          'ISSUE_STATUS_CHANGED',
          'ISSUE_STATUS_CHANGED',
        ])
      }
      const { data } = await system.ask('admin', '{ verifyAuditChain { valid reason } }')
      expect(data.verifyAuditChain).toEqual({ valid: true, reason: null })
    })
  })
}
