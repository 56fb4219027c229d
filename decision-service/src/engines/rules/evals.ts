import { DecisionCase } from '@redress/shared/contracts.ts'
import { type } from 'arktype'
import { RULES_THRESHOLDS, routeVerdict } from '../../domain/routing.ts'
import type { Skill } from '../../policies/files/skill.ts'
import type { SkillProblem } from '../../policies/files/skill-problem.ts'
import { parseLocatedJson } from '../../policies/table/located-json.ts'
import { decideByRules } from './rules-engine.ts'

/** The expected answer of a policy about a case. */
export type Expected = Readonly<{ rule: string; action: string; confidence: number; routing: string }>

/** One example of a policy, and the line of its file where it begins. */
type Eval = Readonly<{ name: string; line: number; input: DecisionCase; expected: Expected }>

type ParsedEvals =
  | Readonly<{ ok: true; skillName: string; evals: readonly Eval[] }>
  | Readonly<{ ok: false; problems: readonly SkillProblem[] }>

const EvalsDocument = type({
  skill_name: 'string',
  evals: type({
    name: 'string > 0',
    input: DecisionCase,
    expected: { rule: 'string', action: 'string', confidence: 'number', routing: 'string' },
  })
    .array()
    .atLeastLength(1),
})

/** Reads evals/evals.json of a skill. */
export function parseEvals(text: string, file: string): ParsedEvals {
  const json = parseLocatedJson(text)
  if (!json.ok) return { ok: false, problems: [{ file, line: json.line, path: '', problem: json.problem }] }
  const document = EvalsDocument(json.value)
  if (document instanceof type.errors) {
    const problems = [...document].map(({ path, problem }) => {
      const parts = path.map((part) => (typeof part === 'symbol' ? String(part) : part))
      return { file, line: json.lineOf(parts), path: parts.join('.'), problem }
    })
    return { ok: false, problems }
  }
  const evals = document.evals.map((one, index) => ({ ...one, line: json.lineOf(['evals', index]) }))
  return { ok: true, skillName: document.skill_name, evals }
}

/** The actual answer of a policy's rules about a case. */
export function runEval({ input }: Pick<Eval, 'input'>, skill: Skill): Expected {
  const verdict = decideByRules(input, skill)
  const { action, confidence, policyApplied } = verdict
  const rule = policyApplied.split(' ').at(-1) ?? ''
  return { rule, action, confidence, routing: routeVerdict(verdict, RULES_THRESHOLDS) }
}

/** Every example that a policy does not follow, with the line where it stands. */
export function findFailures(evals: readonly Eval[], { file, skill }: { file: string; skill: Skill }): SkillProblem[] {
  return evals.flatMap((one) => {
    const actual = runEval(one, skill)
    const wrong = (['rule', 'action', 'confidence', 'routing'] as const).filter(
      (key) => actual[key] !== one.expected[key],
    )
    if (wrong.length === 0) return []
    const problem = wrong.map((key) => `${key} is ${actual[key]}, not ${one.expected[key]}`).join(', ')
    return [{ file, line: one.line, path: '', problem: `"${one.name}": ${problem}` }]
  })
}
