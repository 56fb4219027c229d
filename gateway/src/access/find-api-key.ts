import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { GATEWAY_PRINCIPAL, ROLES, type Role } from '@redress/shared/access/permissions.ts'
import { type } from 'arktype'
import type { Pool } from 'undici'

/** The facts of an API key that the audit service keeps. */
export type ApiKeyFacts = Readonly<{
  name: string
  hash: string
  roles: readonly Role[]
  requestsPerMinute: number | null
  expiresAt: Date | null
  revokedAt: Date | null
}>

/** @throws if the audit service does not answer. */
export type FindApiKey = (id: string) => Promise<ApiKeyFacts | null>

const QUERY =
  'query FindApiKey($id: ID!) { findApiKey(id: $id) { name hash roles requestsPerMinute expiresAt revokedAt } }'

const Moment = type('string.date.iso.parse | null')
const Answer = type({
  'errors?': 'undefined',
  data: {
    findApiKey: type({
      name: 'string',
      hash: 'string',
      roles: 'string[]',
      requestsPerMinute: 'number | null',
      expiresAt: Moment,
      revokedAt: Moment,
    }).or('null'),
  },
})

export type AuditSubgraph = Readonly<{ pool: Pick<Pool, 'request'>; graphqlPath: string }>

type Options = Readonly<{
  audit: AuditSubgraph
  signToken: SignInternalToken
  timeoutMs: number
}>

/**
 * Asks the audit subgraph for a key, as the gateway itself: the field is not part of the schema that callers see, and no
 * caller can have its permission.
 */
export function createFindApiKey({ audit: { pool, graphqlPath }, signToken, timeoutMs }: Options): FindApiKey {
  return async (id) => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: graphqlPath,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${await signToken(GATEWAY_PRINCIPAL)}`,
      },
      body: JSON.stringify({ query: QUERY, variables: { id } }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`The audit subgraph answered with status ${statusCode}.`)
    const { findApiKey } = Answer.assert(JSON.parse(text)).data
    return findApiKey && { ...findApiKey, roles: ROLES.filter((role) => findApiKey.roles.includes(role.toUpperCase())) }
  }
}
