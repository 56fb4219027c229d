import type { DecisionCase } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_OVERSIGHT, routeDecision } from '../src/decisions/domain/oversight.ts'
import type { Verdict } from '../src/domain/decision.ts'
import { RULES_THRESHOLDS } from '../src/domain/routing.ts'
import { anyDecisionCase } from '../src/engines/rules/decision-cases.testing.ts'
import type { NotFired } from '../src/engines/rules/evaluate.ts'
import { decideByRules } from '../src/engines/rules/rules-engine.ts'
import { openSkills } from '../src/policies/files/skills-folder.ts'
import type { FactValue } from '../src/policies/table/fact.ts'

const DIRECTORY = new URL('../../skills', import.meta.url).pathname
const skills = await openSkills(DIRECTORY, { pollMs: null })
const readAnew = await openSkills(DIRECTORY, { pollMs: null })

/** Decided once for all tests below; what fails is found again by its place in the list. */
const decided = fc.sample(anyDecisionCase, { numRuns: 10_000, seed: 2030 }).map((decisionCase) => {
  const skill = skills.forType(decisionCase.details.type)
  return { decisionCase, skill, verdict: decideByRules(decisionCase, skill) }
})

/** The places where something is not so; comparing 10,000 times with `expect` takes longer than deciding. */
const where = (isWrong: (one: (typeof decided)[number]) => boolean) =>
  decided.flatMap((one, index) => (isWrong(one) ? [index] : []))

type RulesOutput = Readonly<{
  rule: string
  section: string
  inputs: Readonly<Record<string, FactValue>>
  notFired: readonly NotFired[]
}>
const factsOf = ({ trace }: Verdict) => trace[0]?.output?.facts as Readonly<Record<string, FactValue>>
const rulesOf = ({ trace }: Verdict) => trace[1]?.output as RulesOutput

describe('ten thousand issues', () => {
  it('are of all types, and use most of the rules', () => {
    const types = new Set(decided.map(({ decisionCase }) => decisionCase.details.type))
    const fired = new Set(decided.map(({ verdict }) => verdict.policyApplied))

    expect(types.size).toBe(4)
    expect(fired.size).toBeGreaterThan(40)
  })

  it('have a decision each whose trace names the row that fired, with the values it looked at', () => {
    const wrong = where(({ skill, verdict }) => {
      const { rule, section, inputs } = rulesOf(verdict)
      const row = skill.table.rules.find(({ id }) => id === rule)
      if (!row || row.section !== section || verdict.policyApplied !== `${skill.name} ${section} ${rule}`) return true
      const asked = [...new Set(row.conditions.map(({ fact }) => fact))]
      const isTold = (fact: string) => Object.hasOwn(inputs, fact) && inputs[fact] === factsOf(verdict)[fact]
      return Object.keys(inputs).length !== asked.length || !asked.every(isTold)
    })

    expect(wrong).toEqual([])
  })

  it('have a decision each whose trace names every row above that did not fire, and the condition that failed', () => {
    const wrong = where(({ skill, verdict }) => {
      const { rule, notFired } = rulesOf(verdict)
      const above = skill.table.rules.slice(
        0,
        skill.table.rules.findIndex(({ id }) => id === rule),
      )
      if (above.length !== notFired.length) return true
      return above.some(({ id, conditions }, at) => {
        const why = notFired[at]!
        const failed = conditions.find(({ fact, expected }) => fact === why.fact && expected === why.expected)
        return id !== why.rule || !failed || failed.holds(why.actual) || why.actual !== factsOf(verdict)[why.fact]
      })
    })

    expect(wrong).toEqual([])
  })

  it('are decided the same, to the letter, by a copy of the policies that is read anew', () => {
    const again = (decisionCase: DecisionCase) =>
      decideByRules(decisionCase, readAnew.forType(decisionCase.details.type))

    const wrong = where(({ decisionCase, verdict }) => toText(again(decisionCase)) !== toText(verdict))

    expect(wrong).toEqual([])
  })

  it('are automatic from 80, reviewed from 70, and escalated below or if no action can be carried out', () => {
    const wrong = where(({ verdict }) => {
      const { action, confidence } = verdict
      const expected =
        action === 'ESCALATE' || confidence < 70 ? 'ESCALATE' : confidence < 80 ? 'HUMAN_REVIEW' : 'AUTO_RESOLVE'
      const routed = routeDecision(verdict, { decisionId: 'd', thresholds: RULES_THRESHOLDS, oversight: NO_OVERSIGHT })
      return routed.routing !== expected
    })

    expect(wrong).toEqual([])
  })

  it('keep every amount a whole number of minor units', () => {
    const wrong = where(({ verdict }) => {
      const { amount, transactionAmount } = factsOf(verdict)
      return [amount, transactionAmount].some((one) => one != null && !Number.isSafeInteger(one))
    })

    expect(wrong).toEqual([])
  })
})

/** Everything but how long it took. */
function toText({ trace, ...verdict }: Verdict): string {
  return JSON.stringify([verdict, trace.map(({ durationMs: _, ...step }) => step)])
}
