import type { DecisionAction, IssueType } from '@redress/shared/contracts.ts'
import { type } from 'arktype'
import type { SkillProblem } from '../files/skill-problem.ts'
import { type Condition, compileConditions, isRecord } from './condition.ts'
import type { FactTable } from './fact.ts'
import { FACTS } from './facts.ts'
import { type Path, parseLocatedJson } from './located-json.ts'
import { compileSentence, type Sentence } from './sentence.ts'
import { checkTable } from './table-checks.ts'
import { type Finding, type TableContext, TableDocument } from './table-document.ts'

export type Rule = Readonly<{
  id: string
  section: string
  /** All must hold; none for the last rule. */
  conditions: readonly Condition[]
  action: DecisionAction
  confidence: number
  because: Sentence
}>

export type Adjustment = Readonly<{
  id: string
  section: string
  conditions: readonly Condition[]
  /** Added to the confidence of the rule. */
  change: number
  because: Sentence
}>

/** The first rule whose conditions hold decides; there is always one, since the last has none. */
export type DecisionTable = Readonly<{
  serves: IssueType
  currencies: readonly string[]
  rules: readonly Rule[]
  adjustments: readonly Adjustment[]
}>

export type ParsedTable =
  | Readonly<{ ok: true; table: DecisionTable }>
  | Readonly<{ ok: false; problems: readonly SkillProblem[] }>

/** Reads a decision table; a table with any problem is refused as a whole, with all of its problems. */
export function parseDecisionTable(text: string, context: TableContext): ParsedTable {
  const { file } = context
  const json = parseLocatedJson(text)
  if (!json.ok) return { ok: false, problems: [{ file, line: json.line, path: '', problem: json.problem }] }

  const report = (findings: readonly Finding[]): ParsedTable => ({
    ok: false,
    problems: findings.map(({ path, problem }) => ({ file, line: json.lineOf(path), path: toPathText(path), problem })),
  })

  const document = TableDocument(json.value)
  if (document instanceof type.errors) {
    return report([...[...document].map(toFinding), ...findConditionProblems(json.value, context)])
  }

  const { table, findings } = compileTable(document)
  const all = [...findings, ...checkTable(document, context)]
  return all.length > 0 ? report(all) : { ok: true, table }
}

function compileTable(document: TableDocument): { table: DecisionTable; findings: readonly Finding[] } {
  const facts = FACTS[document.serves]
  const findings: Finding[] = []

  const rules = document.rules.map(({ id, section, when, then: { action, confidence, because } }, index): Rule => {
    const row = ['rules', index]
    const conditions = toConditions([...row, 'when'], { when: when ?? {}, facts, findings })
    const sentence = toSentence([...row, 'then', 'because'], { because, facts, findings })
    return { id, section, conditions, action, confidence, because: sentence }
  })
  const adjustments = document.adjustments.map(({ id, section, when, confidence, because }, index): Adjustment => {
    const row = ['adjustments', index]
    const conditions = toConditions([...row, 'when'], { when, facts, findings })
    return {
      id,
      section,
      conditions,
      change: confidence,
      because: toSentence([...row, 'because'], { because, facts, findings }),
    }
  })
  return { table: { serves: document.serves, currencies: document.currencies, rules, adjustments }, findings }
}

type Compiling<What> = What & { facts: FactTable; findings: Finding[] }

function toConditions(path: Path, { when, facts, findings }: Compiling<{ when: Record<string, unknown> }>) {
  const { conditions, problems } = compileConditions(when, facts)
  findings.push(...problems.map(({ path: inner, problem }) => ({ path: [...path, ...inner], problem })))
  return conditions
}

function toSentence(path: Path, { because, facts, findings }: Compiling<{ because: string }>) {
  const { sentence, unknownFacts } = compileSentence(because, facts)
  findings.push(...unknownFacts.map((name) => ({ path, problem: `tells {${name}}, which is not a fact` })))
  return sentence
}

/** Problems in the conditions of a table that is malformed elsewhere, so that all problems are reported at once. */
function findConditionProblems(value: unknown, { skill }: TableContext): readonly Finding[] {
  if (skill === null || !isRecord(value)) return []
  const findings: Finding[] = []
  for (const list of ['rules', 'adjustments']) {
    const rows: unknown = value[list]
    for (const [index, row] of Array.isArray(rows) ? rows.entries() : []) {
      const when: unknown = isRecord(row) ? row.when : undefined
      if (isRecord(when)) toConditions([list, index, 'when'], { when, facts: FACTS[skill.serves], findings })
    }
  }
  return findings
}

function toFinding({ path, problem }: { path: readonly PropertyKey[]; problem: string }): Finding {
  return { path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)), problem }
}

/** `['rules', 3, 'when', 'riskScore']` reads `rules[3].when.riskScore`. */
function toPathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}
