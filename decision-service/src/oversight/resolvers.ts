import type { DecisionAction } from '@redress/shared/contracts.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import { type Autonomy, agreementOf } from './autonomy.ts'
import type { AutonomyViews } from './ports.ts'
import type { RestoreAutonomy } from './restore-autonomy.ts'

type Context = RequestContext<unknown>
type Dependencies = Readonly<{ autonomy: AutonomyViews; restoreAutonomy: RestoreAutonomy }>

export function createOversightResolvers({ autonomy, restoreAutonomy }: Dependencies) {
  return {
    Query: { autonomy: () => autonomy.all() },
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
