import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { ReplayDecision } from './replay-decision.ts'
import type { Simulation } from './simulate-decision.ts'
import { type SimulationArgument, toSimulation } from './simulation-arguments.ts'

type Dependencies = Readonly<{
  simulateDecision: (simulation: Simulation, tenant: string) => Promise<StoredDecision>
  replayDecision: ReplayDecision
}>

/** A simulated decision is about no issue, whichever case was used: its issue is null, and so cannot be mistaken. */
export function createTrialResolvers({ simulateDecision, replayDecision }: Dependencies) {
  return {
    Query: {
      simulateDecision: async (
        _: unknown,
        { input }: { input: SimulationArgument },
        { principal }: RequestContext<unknown>,
      ) => ({
        ...(await simulateDecision(toSimulation(input), principal.tenant)),
        issueId: null,
      }),
      replayDecision: (_: unknown, { id }: { id: string }) => replayDecision(id),
    },
  }
}
