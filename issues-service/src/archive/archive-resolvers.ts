import { can } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import { type ById, type Context, withinReach } from '../views/find-visible.ts'
import type { ArchiveFilter, ViewsOf } from '../views/views.ts'
import type { Archive } from './archive-issues.ts'
import type { ArchiveStore } from './ports.ts'

const PURGE = 'issue:purge:*'

type ListArguments = PageArguments & Readonly<{ filter?: ArchiveFilter | null }>
type ArchiveInput = Readonly<{ olderThanDays: number; purgeAfterDays?: number | null; dryRun: boolean; reason: string }>
type Dependencies = Readonly<{
  viewsOf: ViewsOf
  archive: Archive
  archiveStore: Pick<ArchiveStore, 'find' | 'statistics'>
}>

/** The resolvers of the archive. */
export function createArchiveResolvers({ viewsOf, archive, archiveStore }: Dependencies) {
  return {
    Query: {
      archivedIssues: (_: unknown, { filter, ...page }: ListArguments, { principal }: Context) =>
        viewsOf(principal.tenant).pageOfArchivedIssues(withinReach(filter, principal, 'issue:read'), page),
      archiveRun: (_: unknown, { id }: ById) => archiveStore.find(id),
      archiveStatistics: () => archiveStore.statistics(),
    },
    Mutation: {
      async archiveIssues(_: unknown, { input }: Readonly<{ input: ArchiveInput }>, context: Context) {
        const { olderThanDays, purgeAfterDays = null, dryRun, reason } = input
        if (purgeAfterDays !== null && !can(context.principal, PURGE)) throw new ForbiddenError(PURGE)
        const policy = { olderThanDays, purgeAfterDays }
        const due = await archive.preview(policy)
        return { ...due, run: dryRun ? null : await archive.request({ ...policy, reason, cause: causeOf(context) }) }
      },
    },
  }
}
