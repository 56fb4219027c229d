import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DecisionCase } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { RULES_THRESHOLDS, routeVerdict } from '../../domain/routing.ts'
import { openSkills } from '../../outbound/skills-folder.ts'
import { decideByRules } from './rules-engine.ts'

type Eval = { name: string; input: unknown; expected: Expected }
type Expected = { rule: string; action: string; confidence: number; routing: string }

const directory = new URL('../../../../skills', import.meta.url).pathname
const skills = await openSkills(directory, { pollMs: null })

describe.for(skills.all().map((skill) => [skill.name, skill] as const))('the examples of %s', ([name, skill]) => {
  const { skill_name, evals } = JSON.parse(readFileSync(join(directory, name, 'evals/evals.json'), 'utf8')) as {
    skill_name: string
    evals: Eval[]
  }

  it.for(evals.map((one) => [one.name, one] as const))('say that %s', ([, { input, expected }]) => {
    const decisionCase = DecisionCase.assert(input)

    const verdict = decideByRules(decisionCase, skill)

    expect({
      rule: verdict.policyApplied.split(' ').at(-1),
      action: verdict.action,
      confidence: verdict.confidence,
      routing: routeVerdict(verdict, RULES_THRESHOLDS),
    }).toEqual(expected)
  })

  it('carry the name of the skill, and each a name of its own', () => {
    expect(skill_name).toBe(name)
    expect(new Set(evals.map((one) => one.name)).size).toBe(evals.length)
  })

  it('leave out no rule but the last, which nothing should ever need', () => {
    const shown = new Set(evals.map(({ expected }) => expected.rule))

    const left = skill.table.rules.map(({ id }) => id).filter((id) => !shown.has(id))

    expect(left).toEqual(['nothing-fits'])
  })
})

describe.for(skills.all().map((skill) => [skill.name, skill] as const))('the text of %s', ([, skill]) => {
  it.for(skill.table.rules.map((rule) => [rule.section, rule] as const))('says in %s what the rules do', ([, rule]) => {
    const says = sectionOf(skill.text, rule.section)

    expect(says).toMatch(new RegExp(`: ${rule.action}, (confidence )?${rule.confidence}\\.`))
  })

  it.for(skill.table.adjustments.map((one) => [one.section, one] as const))('says in %s what it adds', ([, one]) => {
    const says = sectionOf(skill.text, one.section)

    expect(says).toContain(`: ${Math.abs(one.change)} ${one.change < 0 ? 'less' : 'more'}.`)
  })

  it('has one rule for each section', () => {
    const sections = skill.table.rules.map(({ section }) => section)

    expect(new Set(sections).size).toBe(sections.length)
  })

  it('names the ceiling that the rules engine keeps', () => {
    const says = sectionOf(skill.text, '§1.3')

    expect(says).toContain(`above ${skill.maxAmount} `)
  })
})

/** A section's item on one line. */
function sectionOf(text: string, section: string): string {
  const [, after = ''] = text.split(`**${section}**`)
  return (after.split(/\n(?! {2})/)[0] ?? '').replaceAll(/\s+/g, ' ')
}
