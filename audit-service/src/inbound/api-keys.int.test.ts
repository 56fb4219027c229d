import { isApiKey } from '@redress/shared/access/api-key.ts'
import { ROLES } from '@redress/shared/access/permissions.ts'
import type { HttpServer } from '@redress/shared/process/http.ts'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { issueEvents } from '../../test/events.ts'
import { type Database, openDatabase, openRecord } from '../../test/stores.ts'
import { startSubgraph } from '../../test/subgraph.ts'
import { ask, codesOf } from '../../test/tokens.ts'
import { createKey } from '../domain/api-key.ts'
import { createMongoApiKeys } from '../outbound/mongo-api-keys.ts'

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

const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  secret apiKey { id name roles requestsPerMinute createdBy createdAt expiresAt revokedAt }
} }`
const REVOKE = 'mutation ($id: ID!) { revokeApiKey(id: $id) { id revokedAt } }'
const LIST = 'query ($first: Int) { apiKeys(first: $first) { nodes { id } pageInfo { hasNextPage } totalCount } }'
const FIND = 'query ($id: ID!) { findApiKey(id: $id) { name hash roles requestsPerMinute expiresAt revokedAt } }'

type Created = Readonly<{ secret: string; apiKey: Readonly<{ id: string }> }>
async function create(input: object = {}): Promise<Created> {
  const given = { name: 'billing export', roles: ['READ_ONLY'], ...input }
  const { data } = await ask(subgraph.url, 'admin', CREATE, { input: given })
  return data?.createApiKey as Created
}
const revoke = (id: string) => ask(subgraph.url, 'admin', REVOKE, { id })
const actionsOn = async (entityId: string) =>
  (await database.collections.entries.find({ entityId }).sort({ sequence: 1 }).toArray()).map(({ action }) => action)
const verify = () => database.verifyChain({ fromSequence: null, toSequence: null, expectHash: null })

describe('API keys', () => {
  it('are shown with their secret once, and kept with its hash', async () => {
    const { secret, apiKey } = await create({ requestsPerMinute: 600, expiresAt: '2130-01-01T00:00:00Z' })

    expect(apiKey).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{20}$/),
      name: 'billing export',
      roles: ['READ_ONLY'],
      requestsPerMinute: 600,
      createdBy: 'ada',
      createdAt: expect.any(String),
      expiresAt: '2130-01-01T00:00:00.000Z',
      revokedAt: null,
    })
    const stored = await database.collections.apiKeys.findOne({ _id: apiKey.id })
    expect(isApiKey(secret, stored!.hash)).toBe(true)
    expect(JSON.stringify(await database.collections.entries.find().toArray())).not.toContain(secret.slice(-43))
  })

  it('are audited when they are created and when they are revoked, each once', async () => {
    const { apiKey } = await create()
    const first = await revoke(apiKey.id)
    const second = await revoke(apiKey.id)

    expect(second.data).toEqual(first.data)
    expect(await actionsOn(apiKey.id)).toEqual(['api_key.created', 'api_key.revoked'])
    expect(await verify()).toMatchObject({ valid: true })
  })

  it('share one chain with the events that come in at the same time', async () => {
    const record = await openRecord(database)
    const before = (await verify()).entries
    const events = Array.from({ length: 5 }, (_, issue) => record(issueEvents(`iss_${issue}`, 3)))

    const created = await Promise.all([...Array.from({ length: 5 }, () => create()), ...events])

    expect(created.slice(0, 5).filter(Boolean)).toHaveLength(5)
    expect(await verify()).toMatchObject({ valid: true, entries: before + 5 + 15 })
  })

  it('are revoked once by two concurrent callers', async () => {
    const { apiKey } = await create()

    const [first, second] = await Promise.all([revoke(apiKey.id), revoke(apiKey.id)])

    expect(first?.data).toEqual(second?.data)
    expect(await actionsOn(apiKey.id)).toEqual(['api_key.created', 'api_key.revoked'])
  })

  it('are neither stored nor audited when one of the two fails', async () => {
    const taken = await create()
    await database.collections.apiKeys.deleteOne({ _id: taken.apiKey.id })
    const { entries } = await verify()

    // The entry of its making is on record already, so the second making fails as a whole.
    const change = createKey(
      { name: 'again', roles: ['read_only'] },
      {
        secret: { id: taken.apiKey.id, secret: taken.secret },
        granter: { id: 'ada', roles: ['admin'], customerId: null, tenant: 'default' },
        cause: { actor: 'ada', requestId: null, ip: null, tenant: 'default' },
        now: new Date(),
      },
    )
    await expect(createMongoApiKeys(database).transact((one) => one.save(change))).rejects.toThrow()

    expect(await database.collections.apiKeys.findOne({ _id: taken.apiKey.id })).toBeNull()
    expect(await verify()).toMatchObject({ valid: true, entries })
  })

  it('are listed, newest first', async () => {
    const { apiKey } = await create()

    const { data } = await ask(subgraph.url, 'admin', LIST, { first: 1 })

    expect(data?.apiKeys).toEqual({
      nodes: [{ id: apiKey.id }],
      pageInfo: { hasNextPage: true },
      totalCount: await database.collections.apiKeys.countDocuments(),
    })
  })

  it('that are not there cannot be revoked', async () => {
    expect(codesOf(await revoke('none'))).toEqual(['API_KEY_NOT_FOUND'])
  })

  it('cannot have roles that are for people only', async () => {
    const input = { name: 'all', roles: ['ADMIN'] }

    expect(codesOf(await ask(subgraph.url, 'admin', CREATE, { input }))).toEqual(['ROLE_NOT_GRANTABLE'])
  })

  it.for(ROLES.filter((role) => role !== 'admin'))('are not for %s to make, revoke or see', async (role) => {
    const input = { name: 'mine', roles: [role.toUpperCase()] }

    expect(codesOf(await ask(subgraph.url, role, CREATE, { input }))).toEqual(['FORBIDDEN'])
    expect(codesOf(await ask(subgraph.url, role, REVOKE, { id: 'any' }))).toEqual(['FORBIDDEN'])
    expect(codesOf(await ask(subgraph.url, role, LIST))).toEqual(['FORBIDDEN'])
  })
})

describe('the stored facts of a key', () => {
  it('is for the gateway', async () => {
    const { secret, apiKey } = await create({ roles: ['SERVICE'] })

    const { data } = await ask(subgraph.url, 'gateway', FIND, { id: apiKey.id })

    const found = data?.findApiKey as { hash: string }
    expect(found).toMatchObject({
      name: 'billing export',
      roles: ['SERVICE'],
      requestsPerMinute: null,
      revokedAt: null,
    })
    expect(isApiKey(secret, found.hash)).toBe(true)
    expect((await ask(subgraph.url, 'gateway', FIND, { id: 'none' })).data).toEqual({ findApiKey: null })
  })

  it.for(ROLES)('is nothing that %s could ever ask for', async (role) => {
    const { apiKey } = await create()

    expect(codesOf(await ask(subgraph.url, role, FIND, { id: apiKey.id }))).toEqual(['FORBIDDEN'])
  })
})
