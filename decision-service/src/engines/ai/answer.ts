import type { DecisionAction, DecisionCase } from '@redress/shared/contracts.ts'
import { type } from 'arktype'
import type { Skill } from '../../policies/files/skill.ts'
import { sectionsOf } from '../../policies/files/skill-document.ts'
import { ModelError } from '../model/model.ts'
import { findAction } from './action-names.ts'
import { CASES_MAX, toCaseKey } from './answer-shape.ts'
import { parseAnswer, toReasoning } from './answer-text.ts'

/** The checked answer of a model about a case. */
export type Opinion = Readonly<{
  action: DecisionAction
  /** 0 to 100, whole. */
  confidence: number
  /** At most 1000 characters, with personal things masked. */
  reasoning: string
  /** `<skill> <section> <rule id>`, or without the last where the section is no rule's. */
  policyApplied: string
}>

const Answer = type({ opinions: type('unknown[]').atMostLength(4 * CASES_MAX) })
/** The fields of a policy's Output Format, and the key of the case. */
const Row = type({
  case: 'string',
  action: 'string <= 100',
  confidence: '0 <= number <= 100',
  reasoning: 'string',
  policyApplied: 'string <= 500',
})

const SECTION = /§\s?([0-9]+(?:\.[0-9]+)*)/

/**
 * Reads the answer to `toModelRequest`. A case whose answer is missing or malformed is missing in the map, unless none
 * is usable.
 * @returns opinions by `issueId`.
 * @throws ModelError `malformed` when no case has a usable answer.
 */
export function readOpinions(text: string, cases: readonly DecisionCase[], skill: Skill): ReadonlyMap<string, Opinion> {
  const rows = readRows(text)
  const opinions = new Map<string, Opinion>()
  for (const [index, { issueId }] of cases.entries()) {
    const [row, ...more] = rows.filter((one) => one.case === toCaseKey(index))
    // Two opinions about one case are none.
    const opinion = row === undefined || more.length > 0 ? null : toOpinion(row, skill)
    if (opinion !== null) opinions.set(issueId, opinion)
  }
  if (opinions.size === 0) throw new ModelError('malformed', 'The model gave no usable opinion about any case.')
  return opinions
}

/** The rows whose shape is right. */
function readRows(text: string): readonly (typeof Row.infer)[] {
  const answer = Answer(parseAnswer(text))
  if (answer instanceof type.errors) return []
  return answer.opinions.flatMap((one) => {
    const row = Row(one)
    return row instanceof type.errors ? [] : [row]
  })
}

/** Null where the policy does not know what the row says. */
function toOpinion(
  { action: name, confidence, reasoning: text, policyApplied: cited }: typeof Row.infer,
  skill: Skill,
) {
  const action = findAction(name, skill.serves)
  const reasoning = toReasoning(text)
  const policyApplied = toPolicyApplied(cited, skill)
  if (action === null || reasoning === '' || policyApplied === null) return null
  return { action, confidence: Math.floor(confidence), reasoning, policyApplied }
}

function toPolicyApplied(cited: string, { name, text, table }: Skill): string | null {
  const section = `§${SECTION.exec(cited)?.[1] ?? ''}`
  if (!sectionsOf(text).has(section)) return null
  const rule = table.rules.find((one) => one.section === section)
  return rule === undefined ? `${name} ${section}` : `${name} ${section} ${rule.id}`
}
