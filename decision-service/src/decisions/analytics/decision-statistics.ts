import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import type { Agreement } from '../../domain/agreement.ts'
import type { TokenUsage } from '../../domain/decision.ts'
import { type Rate, wilsonRate } from '../../domain/wilson.ts'
import type { DecisionFact } from './decision-fact.ts'
import { createLatencyHistogram, type LatencyPercentiles } from './latency-histogram.ts'

type Override = Readonly<{ recommended: DecisionAction; chosen: DecisionAction; reviews: number }>
/** How sure decisions between two confidences were on average, and how often people agreed; both 0 to 1. */
type CalibrationBand = Readonly<{
  from: number
  to: number
  reviewed: number
  predicted: number
  agreed: number
}>

export type DecisionStatistics = Readonly<{
  decisions: number
  autoResolved: number
  humanReview: number
  escalated: number
  /** All of them, also where nothing was recommended: an escalated decision is no opinion that people could share. */
  reviewed: number
  agreed: number
  modified: number
  rejected: number
  /** Of reviews of what was recommended, as are the three above. */
  agreement: Rate | null
  /** Of blind reviews only. */
  blindAgreement: Rate | null
  /** Where people chose something else, most frequent first; `recommended` may be ESCALATE. */
  overrides: readonly Override[]
  /** Bands without reviews are left out. */
  calibration: readonly CalibrationBand[]
  fallbackRate: number | null
  latency: LatencyPercentiles | null
  usage: TokenUsage
}>

export type StatisticsTally = Readonly<{ add: (fact: DecisionFact) => void; result: () => DecisionStatistics }>

/** Counts any number of decisions in a memory that does not grow with them. */
export function createStatisticsTally(): StatisticsTally {
  const routed: Record<Routing, number> = { AUTO_RESOLVE: 0, HUMAN_REVIEW: 0, ESCALATE: 0 }
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 }
  const latency = createLatencyHistogram()
  const reviews = createReviewTally()
  let fallbacks = 0

  return {
    add(fact) {
      routed[fact.routing] += 1
      if (fact.fallback) fallbacks += 1
      latency.add(fact.durationMs)
      if (fact.usage !== null) addUsage(usage, fact.usage)
      reviews.add(fact)
    },
    result() {
      const decisions = routed.AUTO_RESOLVE + routed.HUMAN_REVIEW + routed.ESCALATE
      return {
        decisions,
        autoResolved: routed.AUTO_RESOLVE,
        humanReview: routed.HUMAN_REVIEW,
        escalated: routed.ESCALATE,
        ...reviews.result(),
        fallbackRate: decisions === 0 ? null : fallbacks / decisions,
        latency: latency.percentiles(),
        usage: { ...usage },
      }
    },
  }
}

function addUsage(sum: { -readonly [K in keyof TokenUsage]: number }, added: TokenUsage): void {
  sum.inputTokens += added.inputTokens
  sum.outputTokens += added.outputTokens
  sum.cacheReadTokens += added.cacheReadTokens
  sum.cacheWriteTokens += added.cacheWriteTokens
  sum.costUsd += added.costUsd
}

/** 0 to 9, 10 to 19 and so on; the last band is 90 to 100. */
const BAND_WIDTH = 10
const BANDS = 100 / BAND_WIDTH

/** The reviews of the decisions by people. */
function createReviewTally() {
  const counts: Record<Agreement, number> = { AGREED: 0, MODIFIED: 0, REJECTED: 0 }
  let reviewed = 0
  const blind = { reviewed: 0, agreed: 0 }
  const overrides = new Map<string, Override>()
  const bands = Array.from({ length: BANDS }, () => ({ reviewed: 0, confidence: 0, agreed: 0 }))

  return {
    add({ action: recommended, confidence, blind: wasBlind, review }: DecisionFact) {
      if (review === null) return
      const { action: chosen, agreement } = review
      reviewed += 1
      countOverride(overrides, recommended, chosen)
      // A decision that recommends nothing cannot be agreed or disagreed with.
      if (recommended === 'ESCALATE') return
      const agreed = agreement === 'AGREED' ? 1 : 0
      counts[agreement] += 1
      if (wasBlind) {
        blind.reviewed += 1
        blind.agreed += agreed
      }
      const band = bands[Math.min(BANDS - 1, Math.floor(confidence / BAND_WIDTH))]!
      band.reviewed += 1
      band.confidence += confidence
      band.agreed += agreed
    },
    result() {
      const judged = counts.AGREED + counts.MODIFIED + counts.REJECTED
      return {
        reviewed,
        agreed: counts.AGREED,
        modified: counts.MODIFIED,
        rejected: counts.REJECTED,
        agreement: wilsonRate(counts.AGREED, judged),
        blindAgreement: wilsonRate(blind.agreed, blind.reviewed),
        overrides: [...overrides.values()].sort((one, other) => other.reviews - one.reviews),
        calibration: bands.flatMap(toCalibration),
      }
    },
  }
}

function countOverride(overrides: Map<string, Override>, recommended: DecisionAction, chosen: DecisionAction): void {
  if (chosen === recommended) return
  const pair = `${recommended}:${chosen}`
  overrides.set(pair, { recommended, chosen, reviews: (overrides.get(pair)?.reviews ?? 0) + 1 })
}

type Band = Readonly<{ reviewed: number; confidence: number; agreed: number }>

function toCalibration({ reviewed, confidence, agreed }: Band, index: number): readonly CalibrationBand[] {
  if (reviewed === 0) return []
  const from = index * BAND_WIDTH
  const to = index === BANDS - 1 ? 100 : from + BAND_WIDTH - 1
  return [{ from, to, reviewed, predicted: confidence / reviewed / 100, agreed: agreed / reviewed }]
}
