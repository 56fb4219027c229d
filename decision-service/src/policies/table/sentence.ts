import type { Facts, FactTable, FactValue } from './fact.ts'
import { toMoneyText } from './money-text.ts'

export type Sentence = (facts: Facts) => string
export type CompiledSentence = Readonly<{ sentence: Sentence; unknownFacts: readonly string[] }>

/** `{riskScore}` is a fact; `{daysOverdue:day|days}` is a count with its noun. */
const PLACEHOLDER = /\{(\w+)(?::([^|{}]+)\|([^|{}]+))?\}/g

/** Prepares the reason that a rule gives, so that telling it with the values of a case is only joining. */
export function compileSentence(text: string, table: FactTable): CompiledSentence {
  const parts: (string | Sentence)[] = []
  const unknownFacts: string[] = []
  let end = 0
  for (const { 0: placeholder, 1: name = '', 2: one, 3: many, index } of text.matchAll(PLACEHOLDER)) {
    if (!Object.hasOwn(table, name)) unknownFacts.push(name)
    const noun = (value: FactValue | undefined) => (one === undefined ? '' : ` ${value === 1 ? one : many}`)
    parts.push(text.slice(end, index), (facts) => `${toText(name, table, facts)}${noun(facts[name])}`)
    end = index + placeholder.length
  }
  parts.push(text.slice(end))
  const sentence: Sentence = (facts) => parts.map((part) => (typeof part === 'string' ? part : part(facts))).join('')
  return { sentence, unknownFacts }
}

function toText(name: string, table: FactTable, facts: Facts): string {
  const value = facts[name] ?? null
  if (value === null) return 'unknown'
  const fact = table[name]
  if (fact?.kind === 'money' && fact.currency !== undefined) {
    return toMoneyText(Number(value), String(facts[fact.currency] ?? ''))
  }
  // Words of the schema become words: INSUFFICIENT_FUNDS reads as insufficient funds.
  return fact?.values === undefined ? String(value) : String(value).toLowerCase().replaceAll('_', ' ')
}
