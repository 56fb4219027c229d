import type { DecisionCase } from '@redress/shared/contracts.ts'
import { costOf } from '../domain/action-cost.ts'
import { isAllowedAction, type TraceStep, type Verdict } from '../domain/decision.ts'
import { RULES_THRESHOLDS, routeVerdict } from '../domain/routing.ts'
import type { Skill } from '../policies/files/skill.ts'
import { readFacts } from '../policies/table/facts.ts'
import { evaluate } from './rules/evaluate.ts'
import { decideByRules } from './rules/rules-engine.ts'

type GuardLimits = Readonly<{
  decisionCase: DecisionCase
  skill: Skill
  /** Whether a customer's text was in the question: in one about several cases, that of another counts as well. */
  sawText?: boolean
}>

/** Why a verdict was stopped, or goes to a person first; null where nothing was in its way. */
type GuardReason = 'not-allowed' | 'for-a-person' | 'costlier-than-facts' | 'differs-from-facts' | 'unsure-facts'

/**
 * At the lower end of the range that people review, for rules and models alike. With any reasonable thresholds, no
 * decision is carried out automatically at this confidence.
 */
const REVIEW_CONFIDENCE = 70

const SENTENCES: Readonly<Partial<Record<GuardReason, string>>> = {
  'not-allowed': 'A person decides, because the model chose an action that this type of issue does not have.',
  'costlier-than-facts': "A person decides, because with the customer's text the model chose more than the facts give.",
}

/**
 * Keeps a model's verdict within what its policy allows, outside the model:
 * - What the policy reserves to a person (its escalations before anything else: the ceiling, currencies without limits,
 *   broken records) stays with a person, text or not.
 * - A customer's text never makes an action costlier than the rules' own on the facts alone; that becomes ESCALATE.
 * - Where there is a text, and the action differs from the rules' or they would have asked a person themselves, the
 *   confidence is no more than `REVIEW_CONFIDENCE`: a person confirms.
 *
 * So a text never causes an automatic action that would not have happened without it. Verdicts of rules pass unchanged,
 * because rules read no text. Each other verdict gets a step `guard` in its trace.
 */
export function guardVerdict(
  verdict: Verdict,
  { decisionCase, skill, sawText = hasText(decisionCase) }: GuardLimits,
): Verdict {
  if (verdict.engine === 'RULES') return verdict
  const startedAt = performance.now()
  const rules = decideByRules(decisionCase, skill)
  const reason = findReason(verdict, rules, { decisionCase, skill, sawText })
  const guarded = { ...verdict, confidence: toConfidence(verdict.confidence), ...toChange(verdict, rules, reason) }
  const step = toStep(verdict, rules, {
    reason,
    stopped: guarded.action !== verdict.action,
    durationMs: performance.now() - startedAt,
  })
  return { ...guarded, trace: [...verdict.trace, step] }
}

export const hasText = ({ message }: DecisionCase): boolean => message !== undefined && message.trim() !== ''

function findReason(
  verdict: Verdict,
  rules: Verdict,
  { decisionCase, skill, sawText }: Required<GuardLimits>,
): GuardReason | null {
  const issueType = decisionCase.details.type
  if (!isAllowedAction(issueType, verdict.action)) return 'not-allowed'
  if (verdict.action === 'ESCALATE') return null
  if (isReserved(decisionCase, skill)) return 'for-a-person'
  if (!sawText) return null
  if (costOf(issueType, verdict.action) > costOf(issueType, rules.action)) return 'costlier-than-facts'
  if (verdict.action !== rules.action) return 'differs-from-facts'
  return routeVerdict(rules, RULES_THRESHOLDS) === 'AUTO_RESOLVE' ? null : 'unsure-facts'
}

/** Whether one of the escalations holds that stand before any rule that does something. */
function isReserved(decisionCase: DecisionCase, { table, maxAmount }: Skill): boolean {
  const { rule } = evaluate(table, readFacts(decisionCase, { currencies: table.currencies, maxAmount }))
  const firstDecision = table.rules.findIndex(({ action }) => action !== 'ESCALATE')
  const place = table.rules.indexOf(rule)
  return firstDecision === -1 || place < firstDecision
}

function toChange(verdict: Verdict, rules: Verdict, reason: GuardReason | null): Partial<Verdict> {
  const confidence = Math.min(toConfidence(verdict.confidence), REVIEW_CONFIDENCE)
  if (reason === null) return {}
  if (reason === 'differs-from-facts' || reason === 'unsure-facts') return { confidence }
  if (reason === 'for-a-person') {
    const { action, reasoning, policyApplied } = rules
    return { action, reasoning, policyApplied, confidence: rules.confidence }
  }
  return { action: 'ESCALATE', confidence, reasoning: `${SENTENCES[reason]} The model: ${verdict.reasoning}` }
}

function toConfidence(confidence: number): number {
  return Number.isFinite(confidence) ? Math.max(0, Math.min(100, Math.floor(confidence))) : 0
}

function toStep(
  verdict: Verdict,
  rules: Verdict,
  { reason, stopped, durationMs }: { reason: GuardReason | null; stopped: boolean; durationMs: number },
): TraceStep {
  const output = {
    allowed: !stopped,
    reason,
    modelAction: verdict.action,
    modelConfidence: verdict.confidence,
    rulesAction: rules.action,
    rulesConfidence: rules.confidence,
  }
  return { name: 'guard', attempt: 1, ok: true, error: null, durationMs, output }
}
