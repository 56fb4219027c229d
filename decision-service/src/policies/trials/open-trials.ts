import { randomUUID } from 'node:crypto'
import type { DecisionCollections } from '../../decisions/outbound/documents.ts'
import type { Views } from '../../decisions/use-cases/views.ts'
import type { Engines } from '../../engines/open-engines.ts'
import type { Policies } from '../in-force/policies.ts'
import { createDecideByVersion } from './decide-by-version.ts'
import { createEvaluateWith } from './evaluate-with.ts'
import { createFindLatestCase } from './mongo-latest-case.ts'
import { createReplayDecision } from './replay-decision.ts'
import { createSimulateDecision } from './simulate-decision.ts'
import { createTrialResolvers } from './trial-resolvers.ts'

/** Within the gateway's patience with a subgraph (SUBGRAPH_TIMEOUT_MS): the caller of a simulation waits for it. */
export const SIMULATION_BUDGET_MS = 4_500

type Dependencies = Readonly<{ policies: Policies; engines: Engines; views: Views }>

/** Decides without consequence: simulations, and replays of decisions. */
export function openTrials(
  { collections }: Readonly<{ collections: DecisionCollections }>,
  { policies, engines, views }: Dependencies,
) {
  return {
    resolvers: createTrialResolvers({
      simulateDecision: createSimulateDecision({
        findLatestCase: createFindLatestCase(collections),
        evaluate: createEvaluateWith({ policies, engines: engines.all, engineInForce: engines.nameInForce }),
        thresholdsOf: engines.thresholdsOf,
        newId: () => `sim_${randomUUID()}`,
        now: () => new Date(),
        monotonicMs: () => performance.now(),
      }),
      replayDecision: createReplayDecision({
        views,
        decideByVersion: createDecideByVersion(policies),
        thresholds: engines.thresholdsOf('RULES'),
      }),
    }),
  }
}
