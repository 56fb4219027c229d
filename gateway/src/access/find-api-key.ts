import { ROLES, type Role } from '@redress/shared/access/permissions.ts'
import { type } from 'arktype'
import type { AskAudit } from './ask-audit.ts'

/** The facts of an API key that the audit service keeps. */
export type ApiKeyFacts = Readonly<{
  name: string
  hash: string
  roles: readonly Role[]
  tenant: string
  requestsPerMinute: number | null
  expiresAt: Date | null
  revokedAt: Date | null
}>

/** @throws if the audit service does not answer. */
export type FindApiKey = (id: string) => Promise<ApiKeyFacts | null>

const QUERY =
  'query FindApiKey($id: ID!) { findApiKey(id: $id) { name hash roles tenant requestsPerMinute expiresAt revokedAt } }'

const Moment = type('string.date.iso.parse | null')
const Answer = type({
  'errors?': 'undefined',
  data: {
    findApiKey: type({
      name: 'string',
      hash: 'string',
      roles: 'string[]',
      tenant: 'string',
      requestsPerMinute: 'number | null',
      expiresAt: Moment,
      revokedAt: Moment,
    }).or('null'),
  },
})

export function createFindApiKey(askAudit: AskAudit): FindApiKey {
  return async (id) => {
    const { findApiKey } = Answer.assert(await askAudit(QUERY, { id })).data
    return findApiKey && { ...findApiKey, roles: ROLES.filter((role) => findApiKey.roles.includes(role.toUpperCase())) }
  }
}
