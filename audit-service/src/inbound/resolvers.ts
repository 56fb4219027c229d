import type { PageArguments } from '@redress/shared/pagination.ts'
import type { RequestContext } from '@redress/shared/subgraph.ts'
import type { AuditFilter, Views } from '../use-cases/ports.ts'
import type { VerifyChain } from '../use-cases/verify-chain.ts'
import type { Loaders } from './loaders.ts'

type Context = RequestContext<Loaders>
type ById = Readonly<{ id: string }>
type LogArguments = PageArguments & Readonly<{ filter?: AuditFilter | null }>
type RangeArguments = Readonly<{ fromSequence?: number | null; toSequence?: number | null }>

/** GraphQL on one side, use cases on the other. */
export function createResolvers({ views, verifyChain }: { views: Views; verifyChain: VerifyChain }) {
  return {
    Query: {
      auditLog: (_: unknown, { filter, ...page }: LogArguments) => views.pageOfLog(filter ?? {}, page),
      verifyAuditChain: (_: unknown, { fromSequence = null, toSequence = null }: RangeArguments) =>
        verifyChain({ fromSequence, toSequence }),
    },
    AuditEntry: {
      __resolveReference: ({ id }: ById, { loaders }: Context) => loaders.entries.load(id),
    },
    Issue: {
      __resolveReference: ({ id }: ById) => ({ id }),
      auditTrail: ({ id }: ById, page: PageArguments, { loaders }: Context) => loaders.trails(page).load(id),
    },
  }
}
