import { createInternalTokenSigner, createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { GATEWAY_PRINCIPAL, type Principal } from '@redress/shared/access/permissions.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { createKeys } from '../../test/keys.ts'
import { openSubgraph, postOperation } from '../execution/subgraphs/subgraph.ts'
import { createAskAudit } from './ask-audit.ts'
import { createFindApiKey } from './find-api-key.ts'

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

const STORED = {
  name: 'billing export',
  hash: 'f00',
  roles: ['READ_ONLY', 'SERVICE'],
  tenant: 'acme',
  requestsPerMinute: 600,
  expiresAt: new Date('2031-01-01T00:00:00Z'),
  revokedAt: null,
}

/** The audit subgraph with its schema and its doors, and a record of who asked. */
async function startAudit({
  find = (id: string): unknown => (id === 'known' ? STORED : null),
  timeoutMs = 60_000,
} = {}) {
  const keys = createKeys()
  const callers: Principal[] = []
  const server = await serveSubgraph({
    name: 'audit',
    schemaFile: new URL('../../../audit-service/schema.graphql', import.meta.url),
    resolvers: {
      Query: {
        findApiKey: (_: unknown, { id }: { id: string }, { principal }: RequestContext<unknown>) => {
          callers.push(principal)
          return find(id)
        },
      },
    },
    createLoaders: () => ({}),
    verifyToken: createInternalTokenVerifier(keys.internalPublicKey),
    checks: {},
    port: 0,
    host: '127.0.0.1',
    logger: silent,
  })
  const audit = openSubgraph('audit', server.url, server.url)
  opened.push(
    () => server.close(),
    async () => audit.pool.close(),
  )
  const signToken = createInternalTokenSigner(keys.internalPrivateKey)
  return {
    callers,
    server,
    findApiKey: createFindApiKey(
      createAskAudit({ postToAudit: (request) => postOperation(audit, request), signToken, timeoutMs }),
    ),
  }
}

describe('the gateway', () => {
  it('asks the audit service for a key, in its own name', async () => {
    const { callers, findApiKey } = await startAudit()

    expect(await findApiKey('known')).toEqual({ ...STORED, roles: ['read_only', 'service'] })
    expect(await findApiKey('other')).toBeNull()
    expect(callers).toEqual([GATEWAY_PRINCIPAL, GATEWAY_PRINCIPAL])
  })

  it.for<[string, (id: string) => unknown, number?]>([
    ['fails', () => Promise.reject(new Error('no database'))],
    ['does not answer in time', () => new Promise(() => undefined), 50],
    ['answers with something else', () => ({ ...STORED, hash: null })],
  ])(
    'takes an audit service that %s for one that is away, not for one without the key',
    async ([, find, timeoutMs = 60_000]) => {
      const { findApiKey } = await startAudit({ find, timeoutMs })

      await expect(findApiKey('known')).rejects.toThrow()
    },
  )
})
