import type { PageArguments } from '@redress/shared/connection.ts'
import type { DecisionAction } from '@redress/shared/contracts.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { AnalyseDecisions, Range } from '../decisions/analytics/analyse-decisions.ts'
import type { AnalyticsGroup } from '../decisions/analytics/decision-analytics.ts'
import type { DecisionFilter, Views } from '../decisions/use-cases/views.ts'
import { type Autonomy, agreementOf } from './autonomy.ts'
import type { AutonomyViews } from './ports.ts'
import type { RestoreAutonomy } from './restore-autonomy.ts'

type Context = RequestContext<unknown>
type Dependencies = Readonly<{
  views: Pick<Views, 'pageOfDecisions'>
  analyseDecisions: AnalyseDecisions
  autonomy: AutonomyViews
  restoreAutonomy: RestoreAutonomy
}>

/** People and policies compared: lists and statistics of decisions, and what may be done without a person. */
export function createPeopleResolvers({ views, analyseDecisions, autonomy, restoreAutonomy }: Dependencies) {
  return {
    Query: {
      decisions: (_: unknown, { filter, ...page }: PageArguments & { filter?: DecisionFilter | null }) =>
        views.pageOfDecisions(filter ?? {}, page),
      decisionAnalytics: (_: unknown, asked: Range & { groupBy: AnalyticsGroup }) => analyseDecisions(asked),
      autonomy: () => autonomy.all(),
    },
    Mutation: {
      restoreAutonomy: (_: unknown, { digest, action }: { digest: string; action: DecisionAction }, context: Context) =>
        restoreAutonomy({ digest, action, cause: causeOf(context) }),
    },
    Autonomy: {
      blindReviews: ({ answers }: Autonomy) => answers.length,
      blindAgreement: (one: Autonomy) => agreementOf(one),
    },
  }
}
