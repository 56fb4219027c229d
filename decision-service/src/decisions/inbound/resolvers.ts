import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { QueueViews } from '../../jobs/queue-views.ts'
import type { Loaders } from './loaders.ts'

type Context = RequestContext<Loaders>
type ById = Readonly<{ id: string }>

/** GraphQL on one side, views on the other. */
export function createResolvers({ queues }: { queues: QueueViews }) {
  return {
    Query: {
      decision: (_: unknown, { id }: ById, { loaders }: Context) => loaders.decisions.load(id),
      queues: () => queues.all(),
    },
    Decision: {
      __resolveReference: ({ id }: ById, { loaders }: Context) => loaders.decisions.load(id),
      issue: ({ issueId }: StoredDecision) => ({ __typename: 'Issue', id: issueId }),
    },
    Issue: {
      __resolveReference: ({ id }: ById) => ({ id }),
      decision: ({ id }: ById, _: unknown, { loaders }: Context) =>
        loaders.decisionsOfIssue.load(id).then((decisions) => decisions.at(-1) ?? null),
      decisions: ({ id }: ById, _: unknown, { loaders }: Context) => loaders.decisionsOfIssue.load(id),
    },
    Queue: {
      __resolveReference: ({ name }: { name: string }) => queues.find(name),
    },
  }
}

type Parts = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** One map of resolvers out of several: a type may be served by more than one, a field by one only. */
export function combineResolvers(...parts: readonly Parts[]): Record<string, Record<string, never>> {
  const combined: Record<string, Record<string, unknown>> = {}
  for (const part of parts) {
    for (const [type, fields] of Object.entries(part)) combined[type] = { ...combined[type], ...fields }
  }
  return combined as Record<string, Record<string, never>>
}
