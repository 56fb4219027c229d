import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { TokenUsage, TraceStep } from '../../domain/decision.ts'
import { type Arbiter, RULES_VOTER, type Voter } from '../../policies/files/arbiter.ts'
import type { Skill } from '../../policies/files/skill.ts'
import type { Opinion } from '../ai/answer.ts'
import { type AskCases, opinionOf } from '../ai/ask-cases.ts'
import { ModelError } from '../model/model.ts'
import { decideByRules } from '../rules/rules-engine.ts'
import type { Vote } from './vote.ts'

/** A vote that was cast, with the reasons for it. `model` is null for the rules. */
export type CastVote = Vote &
  Pick<Opinion, 'reasoning' | 'policyApplied'> &
  Readonly<{ voter: string; model: string | null }>
/** The outcome of asking one voter. The vote is null where the voter gave none. */
export type Ballot = Readonly<{
  weight: number
  vote: CastVote | null
  /** Why there is no vote. */
  error: ModelError | null
  usage: TokenUsage | null
  step: TraceStep
}>

type Election = Readonly<{ decisionCase: DecisionCase; skill: Skill; signal: AbortSignal | undefined }>
type Dependencies = Readonly<{ ask: AskCases; monotonicMs: () => number }>

/** Asks all voters in parallel. A voter that fails casts no vote and does not affect the others. */
export function createHoldBallot({ ask, monotonicMs }: Dependencies) {
  const askVoter = async ({ decisionCase, skill, signal }: Election, voter: Voter): Promise<Ballot> => {
    const { name, weight, lens } = voter
    const startedMs = monotonicMs()
    const toStep = (facts: Pick<TraceStep, 'ok' | 'error'>, output: object): TraceStep => ({
      name: 'vote',
      attempt: 1,
      ...facts,
      durationMs: monotonicMs() - startedMs,
      output: { voter: name, weight, ...output },
    })
    let usage: TokenUsage | null = null
    try {
      const answered = await ask([decisionCase], skill, { lens, signal })
      usage = answered.usage
      const opinion = opinionOf(answered.opinions, decisionCase)
      const step = toStep({ ok: true, error: null }, { ...opinion, model: answered.model })
      return { weight, vote: { voter: name, weight, ...opinion, model: answered.model }, error: null, usage, step }
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      const step = toStep({ ok: false, error: `${error.failure}: ${error.message}` }, {})
      return { weight, vote: null, error, usage: error.usage ?? usage, step }
    }
  }

  return (election: Election, { voters, rulesWeight }: Arbiter): Promise<readonly Ballot[]> => {
    const { decisionCase, skill } = election
    const byRules = rulesWeight === null ? [] : [voteByRules(decisionCase, skill, rulesWeight)]
    return Promise.all([...byRules, ...voters.map((voter) => askVoter(election, voter))])
  }
}

function voteByRules(decisionCase: DecisionCase, skill: Skill, weight: number): Ballot {
  const { action, confidence, reasoning, policyApplied, trace } = decideByRules(decisionCase, skill)
  const said = { voter: RULES_VOTER, weight, action, confidence, reasoning, policyApplied }
  const durationMs = trace.reduce((sum, step) => sum + step.durationMs, 0)
  const step: TraceStep = { name: 'vote', attempt: 1, ok: true, error: null, durationMs, output: said }
  return { weight, vote: { ...said, model: null }, error: null, usage: null, step }
}
