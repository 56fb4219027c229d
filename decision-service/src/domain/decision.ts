import { ALLOWED_ACTIONS } from '@redress/shared/actions.ts'
import type { DecisionAction, IssueType, Routing } from '@redress/shared/contracts.ts'

export type Engine = 'RULES' | 'AI' | 'ENSEMBLE'

/** The exact policy that decided: `digest` is the sha256 of everything in the skill's folder. */
export type PolicyVersion = Readonly<{ skill: string; version: string; digest: string }>

/** One step on the way to a decision, kept so that the way can be read afterwards. Never holds PII. */
export type TraceStep = Readonly<{
  name: string
  attempt: number
  ok: boolean
  error: string | null
  durationMs: number
  output: Readonly<Record<string, unknown>> | null
}>

/** The usage of calls to a model. Input tokens do not count those that came from or went into the cache. */
export type TokenUsage = Readonly<{
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  costUsd: number
}>

/** The verdict of an engine about an issue. Routing to a person is decided elsewhere. */
export type Verdict = Readonly<{
  action: DecisionAction
  /** 0 to 100, whole. */
  confidence: number
  reasoning: string
  /** The rule or policy section that applied. */
  policyApplied: string
  policy: PolicyVersion
  engine: Engine
  /** True where another engine was asked first and failed. */
  fallback: boolean
  /** The model that answered; null where rules decided. */
  model: string | null
  /** Of all calls to a model on the way to this, failed ones as well; null where there were none. */
  usage: TokenUsage | null
  trace: readonly TraceStep[]
}>

/** The decision of a candidate on trial about the same case. */
export type ShadowVerdict = Readonly<{
  policy: PolicyVersion
  action: DecisionAction
  confidence: number
  routing: Routing
}>

export type Decision = Verdict &
  Readonly<{
    routing: Routing
    durationMs: number
    /** Sampled for a blind review: hidden from reviewers until they have answered. */
    blind: boolean
    /** Would be automatic, but the autonomy of its action is suspended for this policy version. */
    autonomySuspended: boolean
    shadow: ShadowVerdict | null
  }>

/** The decision about a case, and the candidate's decision. */
export type Evaluated = Readonly<{ verdict: Verdict; shadow: Verdict | null }>

/** No engine can leave the table: rules that try are refused at load, and a model's answer counts as malformed. */
export function isAllowedAction(issueType: IssueType, action: DecisionAction): boolean {
  return ALLOWED_ACTIONS[issueType].includes(action)
}
