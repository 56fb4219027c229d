import { isAllowedAction } from '../../domain/decision.ts'
import type { Finding, RuleDocument, TableContext, TableDocument } from './table-document.ts'

/**
 * Every table must have these rows, with no other condition and nothing but escalations above them: what is not
 * comparable or above the ceiling goes to a person, and no edit of a policy can lose that by accident.
 */
const GUARDS = [
  { fact: 'currencySupported', value: false },
  { fact: 'aboveCeiling', value: true },
] as const

/** The problems of a table of the right shape: rows that contradict the skill or could never decide. */
export function checkTable(document: TableDocument, context: TableContext): readonly Finding[] {
  return [
    ...checkServes(document, context),
    ...checkActions(document),
    ...checkSections(document, context),
    ...checkIds(document),
    ...checkReach(document),
    ...checkGuards(document),
  ]
}

function checkServes({ serves }: TableDocument, { skill }: TableContext): readonly Finding[] {
  if (skill === null || serves === skill.serves) return []
  return [{ path: ['serves'], problem: `is ${serves}, while SKILL.md serves ${skill.serves}` }]
}

function checkActions({ serves, rules }: TableDocument): readonly Finding[] {
  return rules.flatMap(({ then: { action } }, index) =>
    isAllowedAction(serves, action)
      ? []
      : [{ path: ['rules', index, 'then', 'action'], problem: `${action} is not allowed for ${serves}` }],
  )
}

function checkSections(document: TableDocument, { skill }: TableContext): readonly Finding[] {
  if (skill === null) return []
  return allRows(document).flatMap(({ path, section }) =>
    skill.sections.has(section)
      ? []
      : [{ path: [...path, 'section'], problem: `${section} is not a section of SKILL.md` }],
  )
}

function checkIds(document: TableDocument): readonly Finding[] {
  const seen = new Set<string>()
  return allRows(document).flatMap(({ path, id }) => {
    if (seen.has(id)) return [{ path: [...path, 'id'], problem: `${id} is the id of another row, too` }]
    seen.add(id)
    return []
  })
}

function checkReach({ rules }: TableDocument): readonly Finding[] {
  const findings = rules.flatMap((rule, index) => {
    const shadow = rules.slice(0, index).find((earlier) => covers(earlier, rule))
    if (shadow === undefined) return []
    return [{ path: ['rules', index], problem: `${rule.id} can never apply: ${shadow.id} above it always does` }]
  })
  const last = rules.at(-1)
  if (last !== undefined && conditionsOf(last).length === 0) return findings
  const problem = 'the last rule must have no conditions, so that every case is decided'
  return [...findings, { path: ['rules', rules.length - 1], problem }]
}

/** Whether all conditions of `earlier` stand in `later`, too. Ranges within ranges are not noticed. */
function covers(earlier: RuleDocument, later: RuleDocument): boolean {
  const demanded = new Set(conditionsOf(later))
  return conditionsOf(earlier).every((condition) => demanded.has(condition))
}

function checkGuards({ rules }: TableDocument): readonly Finding[] {
  const firstDecision = rules.findIndex(({ then }) => then.action !== 'ESCALATE')
  const guarded = firstDecision === -1 ? rules : rules.slice(0, firstDecision)
  return GUARDS.flatMap(({ fact, value }) => {
    const condition = JSON.stringify([fact, value])
    const stands = guarded.some((rule) => conditionsOf(rule).length === 1 && conditionsOf(rule)[0] === condition)
    if (stands) return []
    const problem = `must escalate where ${fact} is ${value}, in a rule of its own, before any rule that does not escalate`
    return [{ path: ['rules'], problem }]
  })
}

function conditionsOf({ when }: RuleDocument): readonly string[] {
  return Object.entries(when ?? {}).map((condition) => JSON.stringify(condition))
}

type AnyRow = Readonly<{ id: string; section: string; path: readonly (string | number)[] }>

function allRows({ rules, adjustments }: TableDocument): readonly AnyRow[] {
  return [
    ...rules.map(({ id, section }, index) => ({ id, section, path: ['rules', index] })),
    ...adjustments.map(({ id, section }, index) => ({ id, section, path: ['adjustments', index] })),
  ]
}
