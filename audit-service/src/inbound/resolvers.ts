import { ROLES, type Role } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import type { EntityType } from '@redress/shared/events/entity-types.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { KeyRequest } from '../domain/api-key.ts'
import type { AuditEntry } from '../domain/entry.ts'
import type { RevocationTarget } from '../domain/revocation.ts'
import type { CreateApiKey } from '../use-cases/create-api-key.ts'
import type { ApiKeys, AuditFilter, Revocations, Views } from '../use-cases/ports.ts'
import type { RecordRefusals } from '../use-cases/record-refusals.ts'
import type { RevokeApiKey } from '../use-cases/revoke-api-key.ts'
import type { RevokeTokens } from '../use-cases/revoke-tokens.ts'
import type { VerifyChain } from '../use-cases/verify-chain.ts'
import { AUDIT_ACTIONS, AUDIT_ENTITY_TYPES, toKnownAction, toKnownEntityType } from './audit-enums.ts'
import type { Loaders } from './loaders.ts'

type Context = RequestContext<Loaders>
type ById = Readonly<{ id: string }>
type LogArguments = PageArguments & Readonly<{ filter?: AuditFilter | null }>
type RangeArguments = Readonly<{
  fromSequence?: number | null
  toSequence?: number | null
  expectHash?: string | null
}>

type Dependencies = Readonly<{
  views: Views
  verifyChain: VerifyChain
  keys: ApiKeys
  createApiKey: CreateApiKey
  revokeApiKey: RevokeApiKey
  revocations: Revocations
  revokeTokens: RevokeTokens
  recordRefusals: RecordRefusals
}>

/** GraphQL on one side, use cases on the other. */
export function createResolvers({ views, verifyChain, keys, createApiKey, revokeApiKey, ...rest }: Dependencies) {
  return {
    Query: {
      auditLog: (_: unknown, { filter, ...page }: LogArguments) => views.pageOfLog(filter ?? {}, page),
      verifyAuditChain: (_: unknown, { fromSequence = null, toSequence = null, expectHash = null }: RangeArguments) =>
        verifyChain({ fromSequence, toSequence, expectHash }),
      apiKeys: (_: unknown, page: PageArguments) => keys.page(page),
      findApiKey: (_: unknown, { id }: ById) => keys.find(id),
      findTokenRevocations: (_: unknown, { since }: { since: Date }) => rest.revocations.since(since),
    },
    Mutation: {
      createApiKey: (_: unknown, { input }: { input: KeyRequest }, context: Context) =>
        createApiKey({ request: input, granter: context.principal, cause: causeOf(context) }),
      revokeApiKey: (_: unknown, { id }: ById, context: Context) => revokeApiKey({ id, cause: causeOf(context) }),
      revokeTokens: (_: unknown, { target }: { target: RevocationTarget }, context: Context) =>
        rest.revokeTokens({ target, cause: causeOf(context) }),
      recordRefusals: (_: unknown, batch: Parameters<RecordRefusals>[0]) => rest.recordRefusals(batch),
    },
    Role: ROLE_OF_NAME,
    AuditAction: AUDIT_ACTIONS,
    AuditEntityType: AUDIT_ENTITY_TYPES,
    AuditEntry: {
      action: ({ action }: AuditEntry) => toKnownAction(action),
      entityType: ({ entityType }: AuditEntry) => toKnownEntityType(entityType),
      __resolveReference: ({ id }: ById, { loaders }: Context) => loaders.entries.load(id),
    },
    Issue: withTrail('Issue'),
    Transaction: withTrail('Transaction'),
  }
}

/** An entity of another subgraph, with the entries about it. */
const withTrail = (of: EntityType) => ({
  __resolveReference: ({ id }: ById) => ({ id }),
  auditTrail: ({ id }: ById, page: PageArguments, { loaders }: Context) => loaders.trails({ ...page, of }).load(id),
})

/** Roles as the schema writes them. */
const ROLE_OF_NAME = Object.fromEntries(ROLES.map((role) => [role.toUpperCase(), role])) as Record<string, Role>
