import type { HttpServer } from '@redress/shared/process/http.ts'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { issueEvents } from '../../test/events.ts'
import { type Database, openDatabase, openRecord } from '../../test/stores.ts'
import { startSubgraph } from '../../test/subgraph.ts'
import { ask, codesOf } from '../../test/tokens.ts'
import { createMongoViews } from '../outbound/mongo-views.ts'
import type { Views } from '../use-cases/ports.ts'

let database: Database
let subgraph: HttpServer
/** How often the trails were read, and of how many issues at once. */
const trailsRead: number[] = []
beforeAll(async () => {
  database = await openDatabase(inject('mongoUri'))
  const record = await openRecord(database)
  await record([...issueEvents('iss_1', 3), ...issueEvents('iss_2', 2)])
  subgraph = await startSubgraph(database, watched(createMongoViews(database.collections)))
})
afterAll(async () => {
  await subgraph?.close()
  await database?.drop()
})

function watched(views: Views): Views {
  return {
    ...views,
    pagesOfTrails(entities, page) {
      trailsRead.push(entities.ids.length)
      return views.pagesOfTrails(entities, page)
    },
  }
}

const VERIFY = `query ($from: SafeInt, $to: SafeInt) {
  verifyAuditChain(fromSequence: $from, toSequence: $to) { valid entries firstSequence lastSequence firstBroken reason }
}`
const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Issue { id auditTrail(first: 2) { nodes { action } pageInfo { hasNextPage } totalCount } }
  ... on AuditEntry { id sequence actor }
} }`
const issues = (...ids: string[]) => ({ representations: ids.map((id) => ({ __typename: 'Issue', id })) })

describe('the audit subgraph', () => {
  it('shows the log to callers with the permission', async () => {
    const query = `{ auditLog(first: 1, filter: { entityId: "iss_1", after: "2030-01-01T00:00:01Z" }) {
      nodes { id sequence entityType entityId action actor ip requestId changes at hash previousHash }
      edges { cursor node { sequence } } pageInfo { hasNextPage hasPreviousPage } totalCount
    } }`

    const { status, data, errors } = await ask(subgraph.url, 'admin', query)

    expect([status, errors]).toEqual([200, undefined])
    expect(data?.auditLog).toEqual({
      nodes: [
        {
          id: 'aud_iss_1-3',
          sequence: 3,
          entityType: 'ISSUE',
          entityId: 'iss_1',
          action: 'ISSUE_STATUS_CHANGED',
          actor: 'ada',
          ip: '192.0.2.1',
          requestId: 'req-1',
          changes: { status: { before: 'PENDING', after: 'PROCESSING' } },
          at: '2030-01-01T00:00:03.000Z',
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          previousHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
      edges: [{ cursor: expect.any(String), node: { sequence: 3 } }],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
      totalCount: 2,
    })
  })

  it('verifies the chain, whole and in part', async () => {
    const whole = await ask(subgraph.url, 'admin', VERIFY)
    const part = await ask(subgraph.url, 'admin', VERIFY, { from: 2, to: 4 })

    const holds = { valid: true, firstBroken: null, reason: null }
    expect(whole.data?.verifyAuditChain).toEqual({ ...holds, entries: 5, firstSequence: 1, lastSequence: 5 })
    expect(part.data?.verifyAuditChain).toEqual({ ...holds, entries: 3, firstSequence: 2, lastSequence: 4 })
  })

  it('refuses a range that is none', async () => {
    expect(codesOf(await ask(subgraph.url, 'admin', VERIFY, { from: 0 }))).toEqual(['BAD_USER_INPUT'])
    expect(codesOf(await ask(subgraph.url, 'admin', VERIFY, { from: 3, to: 2 }))).toEqual(['BAD_USER_INPUT'])
  })

  it('adds their trails to issues, oldest first, and reads those of a list at once', async () => {
    trailsRead.length = 0

    const { data, errors } = await ask(subgraph.url, 'admin', ENTITIES, issues('iss_1', 'iss_none', 'iss_2'))

    expect(errors).toBeUndefined()
    const [created, changed] = [{ action: 'ISSUE_CREATED' }, { action: 'ISSUE_STATUS_CHANGED' }]
    const trail = (nodes: object[], totalCount: number) => ({
      nodes,
      pageInfo: { hasNextPage: totalCount > 2 },
      totalCount,
    })
    expect(data?._entities).toEqual([
      { id: 'iss_1', auditTrail: trail([created, changed], 3) },
      { id: 'iss_none', auditTrail: trail([], 0) },
      { id: 'iss_2', auditTrail: trail([created, changed], 2) },
    ])
    expect(trailsRead).toEqual([3])
  })

  it('finds entries by their key', async () => {
    const representations = ['aud_iss_2-1', 'aud_none'].map((id) => ({ __typename: 'AuditEntry', id }))

    const { data } = await ask(subgraph.url, 'admin', ENTITIES, { representations })

    expect(data?._entities).toEqual([{ id: 'aud_iss_2-1', sequence: 4, actor: 'ada' }, null])
  })

  it.for(['operator', 'reviewer', 'read_only', 'monitoring', 'customer', 'service'] as const)(
    'answers %s with FORBIDDEN',
    async (role) => {
      const entry = { representations: [{ __typename: 'AuditEntry', id: 'aud_iss_1-1' }] }

      expect(codesOf(await ask(subgraph.url, role, '{ auditLog { totalCount } }'))).toEqual(['FORBIDDEN'])
      expect(codesOf(await ask(subgraph.url, role, VERIFY))).toEqual(['FORBIDDEN'])
      expect(codesOf(await ask(subgraph.url, role, ENTITIES, entry))).toEqual(['FORBIDDEN'])
      expect(await ask(subgraph.url, role, ENTITIES, issues('iss_1'))).toMatchObject({
        data: { _entities: [{ id: 'iss_1', auditTrail: null }] },
        errors: [{ extensions: { code: 'FORBIDDEN' }, path: ['_entities', 0, 'auditTrail'] }],
      })
    },
  )

  it('answers 401 to any caller but the gateway', async () => {
    const answer = await ask(subgraph.url, null, '{ auditLog { totalCount } }')

    expect(answer.status).toBe(401)
    expect(codesOf(answer)).toEqual(['UNAUTHENTICATED'])
  })
})
