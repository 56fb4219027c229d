import type { ReplayDecision } from './replay-decision.ts'

export function createReplayResolvers({ replayDecision }: Readonly<{ replayDecision: ReplayDecision }>) {
  return { Query: { replayDecision: (_: unknown, { id }: { id: string }) => replayDecision(id) } }
}
