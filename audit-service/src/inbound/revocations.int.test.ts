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

const REVOKE = `mutation ($target: RevokeTokensInput!) {
  revokeTokens(target: $target) { jti subject revokedAt revokedBy }
}`
const FIND = 'query ($since: DateTime!) { findTokenRevocations(since: $since) { jti subject revokedAt } }'
const revoke = (target: object) => ask(subgraph.url, 'admin', REVOKE, { target })
const find = async (since: string) => (await ask(subgraph.url, 'gateway', FIND, { since })).data?.findTokenRevocations

describe('revoked tokens', () => {
  it('are kept, on record, and known to the gateway', async () => {
    const { data } = await revoke({ jti: 't1' })

    expect(data?.revokeTokens).toEqual({ jti: 't1', subject: null, revokedAt: expect.any(String), revokedBy: 'ada' })
    expect((await revoke({ jti: 't1' })).data).toEqual(data)
    expect(await find('2020-01-01T00:00:00Z')).toMatchObject([{ jti: 't1', subject: null }])
    expect(await find('2130-01-01T00:00:00Z')).toEqual([])
    const entries = await database.collections.entries.find({ entityId: 'jti:t1' }).toArray()
    expect(entries).toMatchObject([{ action: 'token.revoked', actor: 'ada' }])
  })

  it('of a subject are revoked again with a later moment', async () => {
    const first = await revoke({ subject: 'eve' })
    const second = await revoke({ subject: 'eve' })

    const momentOf = ({ data }: typeof first) =>
      (data as { revokeTokens: { revokedAt: string } }).revokeTokens.revokedAt
    expect(Date.parse(momentOf(second))).toBeGreaterThan(Date.parse(momentOf(first)))
    expect(await database.verifyChain({ fromSequence: null, toSequence: null, expectHash: null })).toMatchObject({
      valid: true,
    })
  })

  it.for([{}, { jti: '' }, { subject: 'x'.repeat(201) }, { jti: 'a', subject: 'b' }])(
    'are not revoked by %j',
    async (target) => {
      expect((await revoke(target)).errors).toHaveLength(1)
    },
  )

  it('are revoked by those only who may, and shown to the gateway only', async () => {
    expect(codesOf(await ask(subgraph.url, 'operator', REVOKE, { target: { jti: 't2' } }))).toEqual(['FORBIDDEN'])
    expect(codesOf(await ask(subgraph.url, 'admin', FIND, { since: '2020-01-01T00:00:00Z' }))).toEqual(['FORBIDDEN'])
  })
})
