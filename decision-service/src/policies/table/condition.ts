import { toCurrency } from '@redress/shared/currency.ts'
import type { FactValue, Fact as ReadableFact } from './fact.ts'

/** The part of a fact that a condition needs. Reading the fact is left to others. */
type Fact = Pick<ReadableFact, 'kind' | 'values'>
export type AskableFacts = Readonly<Record<string, Fact>>

/** One condition of a row, ready to be asked. `expected` says it in words for the trace. */
export type Condition = Readonly<{ fact: string; expected: string; holds: (value: FactValue) => boolean }>

export type ConditionProblem = Readonly<{ path: readonly string[]; problem: string }>
export type CompiledConditions = Readonly<{
  conditions: readonly Condition[]
  problems: readonly ConditionProblem[]
}>

type Comparison = Readonly<{ words: string; compare: (value: number, limit: number) => boolean }>

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  lt: { words: 'less than', compare: (value, limit) => value < limit },
  lte: { words: 'at most', compare: (value, limit) => value <= limit },
  gt: { words: 'more than', compare: (value, limit) => value > limit },
  gte: { words: 'at least', compare: (value, limit) => value >= limit },
}
const OPERATORS = [...Object.keys(COMPARISONS), 'not'].join(', ')

/**
 * Compiles `{ "riskScore": { "lt": 50 }, "errorCode": ["CARD_EXPIRED", "CARD_DECLINED"] }`: all must hold. A value
 * stands for itself, a list for any of its members, an object for comparisons that must all hold. Nothing but `null`
 * itself holds for a fact that is null, which is not known: neither a comparison nor `not`. So `{ "not": null }` holds
 * for every known fact, and a list with null (`["LOST", null]`) for an unknown one too.
 */
export function compileConditions(when: Readonly<Record<string, unknown>>, facts: AskableFacts): CompiledConditions {
  const compiled = Object.entries(when).map(([name, wanted]) => {
    const fact = Object.hasOwn(facts, name) ? facts[name] : undefined
    if (fact === undefined) return refuse([name], `is not a fact; the facts are ${Object.keys(facts).join(', ')}`)
    return compileCondition(name, fact, wanted)
  })
  return { conditions: compiled.flatMap((one) => one.conditions), problems: compiled.flatMap((one) => one.problems) }
}

function compileCondition(name: string, fact: Fact, wanted: unknown): CompiledConditions {
  if (!isRecord(wanted)) return compileValues([name], { name, fact, wanted, negated: false })
  if (Object.keys(wanted).length === 0) return refuse([name], `needs a comparison: ${OPERATORS}`)

  const compiled = Object.entries(wanted).map(([operator, limit]) => {
    const path = [name, operator]
    if (operator === 'not') return compileValues(path, { name, fact, wanted: limit, negated: true })
    const comparison = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined
    if (comparison === undefined) return refuse(path, `is not a comparison; there are ${OPERATORS}`)
    return compileComparison(path, { name, fact, comparison, limit })
  })
  return { conditions: compiled.flatMap((one) => one.conditions), problems: compiled.flatMap((one) => one.problems) }
}

type Limited = { name: string; fact: Fact; comparison: Comparison; limit: unknown }

function compileComparison(path: string[], { name, fact, comparison, limit }: Limited): CompiledConditions {
  if (!isNumeric(fact)) return refuse(path, `cannot be asked of ${name}, which is a ${fact.kind}`)
  if (!isNumber(limit)) return refuse(path, 'must be a number')

  const { words, compare } = comparison
  return accept(name, `${words} ${limit}`, (value) => typeof value === 'number' && compare(value, limit))
}

type Listed = { name: string; fact: Fact; wanted: unknown; negated: boolean }

function compileValues(path: string[], { name, fact, wanted, negated }: Listed): CompiledConditions {
  const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
  if (values.length === 0) return refuse(path, 'must list at least one value')

  const accepted: FactValue[] = []
  for (const given of values) {
    const value = toValue(fact, given)
    if (value === undefined) return refuse(path, `cannot be ${JSON.stringify(given)}: ${describeValues(name, fact)}`)
    accepted.push(value)
  }
  const words = accepted.map((value) => value ?? 'nothing').join(' or ')
  if (!negated) return accept(name, words, (value) => accepted.includes(value))
  return accept(name, `not ${words}`, (value) => value !== null && !accepted.includes(value))
}

/** A value that the fact can have, as the fact has it; undefined for any other. */
function toValue(fact: Fact, given: unknown): FactValue | undefined {
  if (given === null) return null
  if (isNumeric(fact)) return isNumber(given) ? given : undefined
  if (fact.kind === 'boolean') return typeof given === 'boolean' ? given : undefined
  if (typeof given !== 'string' || !given.isWellFormed()) return undefined
  if (fact.kind === 'currency') return toCurrency(given) ?? undefined
  return (fact.values?.includes(given) ?? true) ? given : undefined
}

/** JSON knows no others, but `1e999` is read as one, and could not be written again. */
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

function describeValues(name: string, fact: Fact): string {
  if (fact.values !== undefined) return `${name} is one of ${fact.values.join(', ')}, or null`
  if (fact.kind === 'currency') return `${name} is a currency of ISO 4217, or null`
  return `${name} is a ${isNumeric(fact) ? 'number' : fact.kind}`
}

const isNumeric = ({ kind }: Fact): boolean => kind === 'number' || kind === 'money'

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const accept = (fact: string, expected: string, holds: Condition['holds']): CompiledConditions => ({
  conditions: [{ fact, expected, holds }],
  problems: [],
})

const refuse = (path: readonly string[], problem: string): CompiledConditions => ({
  conditions: [],
  problems: [{ path, problem }],
})
