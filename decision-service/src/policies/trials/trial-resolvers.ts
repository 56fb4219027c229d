import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { ReplayDecision } from './replay-decision.ts'
import type { Simulation } from './simulate-decision.ts'
import { type SimulationArgument, toSimulation } from './simulation-arguments.ts'

type Dependencies = Readonly<{
  simulateDecision: (simulation: Simulation) => Promise<StoredDecision>
  replayDecision: ReplayDecision
}>

/**
 * A simulated decision has the id `simulated`, and so has its issue where the case was made up: the id of such an issue
 * can be selected, and nothing else of it.
 */
export function createTrialResolvers({ simulateDecision, replayDecision }: Dependencies) {
  return {
    Query: {
      simulateDecision: (_: unknown, { input }: { input: SimulationArgument }) => simulateDecision(toSimulation(input)),
      replayDecision: (_: unknown, { id }: { id: string }) => replayDecision(id),
    },
  }
}
