import type { HttpServer } from '@redress/shared/process/http.ts'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../test/stores.ts'
import { startSubgraph } from '../../test/subgraph.ts'
import { ask, codesOf } from '../../test/tokens.ts'

let database: Database
let subgraph: HttpServer
beforeAll(async () => {
  database = await openDatabase(inject('mongoUri'))
  subgraph = await startSubgraph(database)
})
afterAll(async () => {
  await subgraph?.close()
  await database?.drop()
})

const RECORD = `mutation ($batchId: ID!, $refusals: [RefusalsInput!]!) {
  recordRefusals(batchId: $batchId, refusals: $refusals)
}`
const minute = { count: 3, firstAt: '2030-01-01T00:00:03Z', lastAt: '2030-01-01T00:00:41Z' }
const refusals = [
  { reason: 'INVALID_CREDENTIALS', network: '192.0.2.0/24', ...minute },
  { reason: 'FORBIDDEN', callerId: 'eve', permission: 'issue:review:*', ...minute },
]

describe('refused requests', () => {
  it('are recorded by the gateway, once, in the chain', async () => {
    const first = await ask(subgraph.url, 'gateway', RECORD, { batchId: 'b1', refusals })
    const second = await ask(subgraph.url, 'gateway', RECORD, { batchId: 'b1', refusals })

    expect([first.data, second.data]).toEqual([{ recordRefusals: 2 }, { recordRefusals: 2 }])
    const { data } = await ask(subgraph.url, 'admin', '{ auditLog { nodes { action entityType entityId actor ip } } }')
    expect(data).toEqual({
      auditLog: {
        nodes: [
          { action: 'ACCESS_DENIED', entityType: 'CALLER', entityId: 'eve', actor: 'eve', ip: null },
          {
            action: 'LOGIN_FAILED',
            entityType: 'NETWORK',
            entityId: '192.0.2.0/24',
            actor: 'redress:gateway',
            ip: '192.0.2.0/24',
          },
        ],
      },
    })
    expect(await database.verifyChain({ fromSequence: null, toSequence: null, expectHash: null })).toMatchObject({
      valid: true,
      entries: 2,
    })
  })

  it('are not recorded for anybody else', async () => {
    expect(codesOf(await ask(subgraph.url, 'admin', RECORD, { batchId: 'b2', refusals }))).toEqual(['FORBIDDEN'])
  })
})
