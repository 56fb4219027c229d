import { ALLOWED_ACTIONS, type DecisionAction, type IssueType, type Routing } from '@redress/shared/contracts.ts'

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

/** What an engine has to say about an issue; whether a person looks at it is not the engine's to say. */
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
  trace: readonly TraceStep[]
}>

export type Decision = Verdict & Readonly<{ routing: Routing; durationMs: number }>

/** No engine can leave the table: rules that try are refused at load, and a model's answer counts as malformed. */
export function isAllowedAction(issueType: IssueType, action: DecisionAction): boolean {
  return ALLOWED_ACTIONS[issueType].includes(action)
}
