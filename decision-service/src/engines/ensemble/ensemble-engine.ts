import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { TraceStep, Verdict } from '../../domain/decision.ts'
import { type Arbiter, versionOf } from '../../policies/files/arbiter.ts'
import { createAskCases } from '../ai/ask-cases.ts'
import { sumUsage } from '../ai/shared-usage.ts'
import { createWhenModelFails, type OnFailure } from '../ai/when-model-fails.ts'
import type { DecisionEngine } from '../engine.ts'
import { guardVerdict } from '../guard.ts'
import { type Model, ModelError } from '../model/model.ts'
import { createPatientModel } from '../model/patient-model.ts'
import { type Award, createArbitrate, type Dispute } from './arbitration.ts'
import { type Ballot, type CastVote, createHoldBallot } from './ballot.ts'
import { confidenceIn, type Tally, tally } from './vote.ts'

type Dependencies = Readonly<{
  model: Model
  /** The arbiter in force; asked for each decision anew. */
  arbiter: () => Arbiter
  /** For all attempts at one vote together. */
  budgetMs: number
  onFailure: OnFailure
  monotonicMs?: () => number
  logger: Logger
}>

/** Below this share of the weight, those who voted do not speak for all. */
const QUORUM = 0.5

/**
 * Lets several voters read the same policy, each through a lens of its own, and the policy's rules beside them. Where
 * all agree that is it; where they do not, an arbiter chooses among the actions voted for, or else the weight does. The
 * confidence is never above what the votes for the action add up to.
 */
export function createEnsembleEngine(dependencies: Dependencies): DecisionEngine {
  const { arbiter: arbiterInForce, budgetMs, onFailure, monotonicMs = () => performance.now(), logger } = dependencies
  const model = createPatientModel(dependencies.model, { patienceMs: budgetMs })
  const holdBallot = createHoldBallot({ ask: createAskCases(model, { budgetMs }), monotonicMs })
  const whenModelFails = createWhenModelFails({ onFailure, logger })
  const settle = createSettle({ arbitrate: createArbitrate(model), monotonicMs })

  return {
    async decide(decisionCase, skill, signal) {
      const arbiter = arbiterInForce()
      const ballots = await holdBallot({ decisionCase, skill, signal }, arbiter)
      const votes = ballots.flatMap(({ vote }) => vote ?? [])
      if (!hasQuorum(ballots)) return whenModelFails({ error: toOneError(ballots), decisionCase, skill })

      const counted = tally(votes)
      const dispute = { decisionCase, skill, arbiter, votes, actions: counted.actions, signal }
      const settled = await settle(dispute, counted)
      const { action, confidence, reasoning, award, steps } = settled
      const verdict: Verdict = {
        action,
        confidence,
        reasoning,
        policyApplied: heaviestFor(action, votes)?.policyApplied ?? `${skill.name} no majority`,
        policy: { skill: skill.name, version: skill.version, digest: skill.digest },
        engine: 'ENSEMBLE',
        fallback: false,
        model: award?.model ?? votes.find((vote) => vote.model !== null)?.model ?? null,
        usage: sumUsage([...ballots.map(({ usage }) => usage), settled.usage]),
        trace: [...ballots.map(({ step }) => step), toTallyStep(counted, arbiter), ...steps],
      }
      return guardVerdict(verdict, { decisionCase, skill })
    },
  }
}

/** Rules that are left alone are no ensemble. */
function hasQuorum(ballots: readonly Ballot[]): boolean {
  const answered = ballots.filter(({ vote }) => vote !== null)
  const weightOf = (some: readonly Ballot[]) => some.reduce((sum, { weight }) => sum + weight, 0)
  return answered.some(({ vote }) => vote?.model) && weightOf(answered) >= QUORUM * weightOf(ballots)
}

/** Why too few voted: who found no room may find it later, so that counts for more than what went wrong. */
function toOneError(ballots: readonly Ballot[]): ModelError {
  const errors = ballots.flatMap(({ error }) => error ?? [])
  const first = errors.find(({ failure }) => failure === 'busy') ?? errors[0]
  return new ModelError(first?.failure ?? 'malformed', 'Too few of the voters answered.', {
    usage: sumUsage(ballots.map(({ usage }) => usage)),
    retryAfterMs: first?.retryAfterMs ?? null,
    steps: ballots.map(({ step }) => step),
    cause: first,
  })
}

type Settled = Pick<Verdict, 'action' | 'confidence' | 'reasoning' | 'usage'> &
  Readonly<{ award: Award | null; steps: readonly TraceStep[] }>
type SettleDependencies = Readonly<{ arbitrate: (dispute: Dispute) => Promise<Award>; monotonicMs: () => number }>

/**
 * The decision of the votes: the common one where all agree, else that of the arbiter, or the heaviest where the
 * arbiter fails.
 */
function createSettle({ arbitrate, monotonicMs }: SettleDependencies) {
  return async (dispute: Dispute, counted: Tally): Promise<Settled> => {
    const byWeight: Settled = {
      action: counted.winner,
      confidence: counted.confidence,
      reasoning: heaviestFor(counted.winner, dispute.votes)?.reasoning ?? 'The voters are divided evenly.',
      usage: null,
      award: null,
      steps: [],
    }
    if (counted.unanimous) return byWeight

    const startedMs = monotonicMs()
    const toStep = (facts: Pick<TraceStep, 'ok' | 'error' | 'output'>): TraceStep => ({
      name: 'arbiter',
      attempt: 1,
      durationMs: monotonicMs() - startedMs,
      ...facts,
    })
    try {
      const award = await arbitrate(dispute)
      const { action, reasoning, usage, model } = award
      const confidence = Math.min(award.confidence, confidenceIn(action, dispute.votes))
      const output = { action, said: award.confidence, confidence, reasoning, model }
      return { action, confidence, reasoning, usage, award, steps: [toStep({ ok: true, error: null, output })] }
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      const step = toStep({ ok: false, error: `${error.failure}: ${error.message}`, output: null })
      return { ...byWeight, usage: error.usage, steps: [step] }
    }
  }
}

/** The vote for an action that counts most; of equals the surest. */
function heaviestFor(action: DecisionAction, votes: readonly CastVote[]): CastVote | null {
  const supporters = votes.filter((vote) => vote.action === action)
  return supporters.sort((a, b) => b.weight - a.weight || b.confidence - a.confidence)[0] ?? null
}

function toTallyStep({ winner, confidence, agreement, unanimous }: Tally, arbiter: Arbiter): TraceStep {
  const output = { winner, confidence, agreement, unanimous, arbiter: versionOf(arbiter) }
  return { name: 'tally', attempt: 1, ok: true, error: null, durationMs: 0, output }
}
