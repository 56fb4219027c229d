import type { ReplayDecision } from '../use-cases/replay-decision.ts'

export function createReplayResolvers({ replayDecision }: Readonly<{ replayDecision: ReplayDecision }>) {
  return { Query: { replayDecision: (_: unknown, { id }: { id: string }) => replayDecision(id) } }
}
