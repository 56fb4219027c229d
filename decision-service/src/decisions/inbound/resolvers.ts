import type { PageArguments } from '@redress/shared/connection.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { AnalyseDecisions, Range } from '../analytics/analyse-decisions.ts'
import type { AnalyticsGroup } from '../analytics/decision-analytics.ts'
import type { DecisionFilter, Views } from '../use-cases/views.ts'
import type { Loaders } from './loaders.ts'

type Context = RequestContext<Loaders>
type ById = Readonly<{ id: string }>
type Dependencies = Readonly<{ views: Pick<Views, 'pageOfDecisions'>; analyseDecisions: AnalyseDecisions }>

export function createDecisionResolvers({ views, analyseDecisions }: Dependencies) {
  return {
    Query: {
      decision: (_: unknown, { id }: ById, { loaders }: Context) => loaders.decisions.load(id),
      decisions: (_: unknown, { filter, ...page }: PageArguments & { filter?: DecisionFilter | null }) =>
        views.pageOfDecisions(filter ?? {}, page),
      decisionAnalytics: (_: unknown, asked: Range & { groupBy: AnalyticsGroup }) => analyseDecisions(asked),
    },
    Decision: {
      __resolveReference: ({ id }: ById, { loaders }: Context) => loaders.decisions.load(id),
      issue: ({ issueId }: Readonly<{ issueId: string | null }>) =>
        issueId === null ? null : { __typename: 'Issue', id: issueId },
    },
    Issue: {
      __resolveReference: ({ id }: ById) => ({ id }),
      decision: ({ id }: ById, _: unknown, { loaders }: Context) =>
        loaders.decisionsOfIssue.load(id).then((decisions) => decisions.at(-1) ?? null),
      decisions: ({ id }: ById, page: PageArguments, { loaders }: Context) => loaders.decisionPages(page).load(id),
    },
  }
}
