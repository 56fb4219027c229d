import type { PageArguments } from '@redress/shared/connection.ts'
import { redact } from '@redress/shared/process/redact.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { JobViews } from '../api/job-views.ts'
import type { ActOnLetters, BulkCommand } from './act-on-letters.ts'
import type { DeadLetter, DeadLetterEvent } from './dead-letter.ts'
import type { LetterFilter, PageOfLetters } from './letter-pages.ts'

type Context = RequestContext<unknown>
type ListArguments = PageArguments & Readonly<{ filter?: LetterFilter | null }>
type RetryArguments = Readonly<{ id: string; reason: string }>
type BulkArguments = Pick<BulkCommand, 'filter' | 'reason'> & Readonly<{ dryRun: boolean | null }>

type Dependencies = Readonly<{
  pageOfLetters: PageOfLetters
  acts: ActOnLetters
  views: Pick<JobViews, 'many'>
}>

export function createLetterResolvers({ pageOfLetters, acts, views }: Dependencies) {
  const toCommand = ({ filter, reason, dryRun }: BulkArguments, context: Context) => ({
    ...{ filter, reason, cause: causeOf(context) },
    // Null is the default as well: nothing is changed by mistake.
    dryRun: dryRun ?? true,
  })
  return {
    Query: {
      deadLetters: (_: unknown, { filter, ...page }: ListArguments) => pageOfLetters(filter ?? {}, page),
    },
    Mutation: {
      retryDeadLetter: async (_: unknown, command: RetryArguments, context: Context) => ({
        deadLetter: await acts.retryOne({ ...command, cause: causeOf(context) }),
      }),
      async retryDeadLetters(_: unknown, command: BulkArguments, context: Context) {
        const { handled: retried, ...rest } = await acts.retry(toCommand(command, context))
        return { ...rest, retried }
      },
      async discardDeadLetters(_: unknown, command: BulkArguments, context: Context) {
        const { handled: discarded, ...rest } = await acts.discard(toCommand(command, context))
        return { ...rest, discarded }
      },
    },
    DeadLetterEvent: {
      entityType: ({ subject }: DeadLetterEvent) => subject?.type ?? null,
      entityId: ({ subject }: DeadLetterEvent) => subject?.id ?? null,
    },
    DeadLetter: {
      payload: ({ payload }: DeadLetter) => redact(payload),
      job: async ({ id, kind }: DeadLetter) => (kind === 'JOB' ? ((await views.many([id]))[0] ?? null) : null),
    },
  }
}
