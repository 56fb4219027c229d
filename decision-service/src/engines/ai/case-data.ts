import { randomBytes } from 'node:crypto'
import type { DecisionCase } from '@redress/shared/contracts.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'
import type { Skill } from '../../policies/files/skill.ts'
import type { Facts } from '../../policies/table/fact.ts'
import { readFacts } from '../../policies/table/facts.ts'
import { toCaseKey } from './answer-shape.ts'

/** The data of a case that a model is sent. */
export type CaseData = Readonly<{ case: string; facts: Facts; customerText?: string }>

/** As long as a message of an issue may be. */
const TEXT_LENGTH_MAX = 2000
const NONCE_BYTES = 16

/**
 * Formats cases as a data block that their texts cannot break out of: JSON on one line, without `<` and `>`, between
 * two lines with a random nonce that an author cannot predict.
 * @param beside further data for the block, such as the votes on the cases.
 */
export function toDataBlock(
  cases: readonly DecisionCase[],
  skill: Skill,
  beside: Readonly<Record<string, unknown>> = {},
): string {
  const nonce = randomBytes(NONCE_BYTES).toString('hex')
  const data = { issueType: skill.serves, cases: cases.map((one, index) => toCaseData(one, index, skill)), ...beside }
  return [`<data ${nonce}>`, toOneLine(data), `</data ${nonce}>`].join('\n')
}

/** Facts only: no id and nothing that identifies the customer. */
function toCaseData(decisionCase: DecisionCase, index: number, skill: Skill): CaseData {
  const facts = readFacts(decisionCase, { currencies: skill.table.currencies, maxAmount: skill.maxAmount })
  const text = toCustomerText(decisionCase.message)
  return { case: toCaseKey(index), facts, ...(text !== '' && { customerText: text }) }
}

/** Masks again, in case the caller passed an unmasked message. */
function toCustomerText(message: string | undefined): string {
  return cutText(maskPersonal(cutText(message ?? '', TEXT_LENGTH_MAX)).trim(), TEXT_LENGTH_MAX)
}

/** JSON escapes line breaks and quotes; angle brackets are escaped, too, so that nothing in it looks like a tag. */
function toOneLine(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')
}
