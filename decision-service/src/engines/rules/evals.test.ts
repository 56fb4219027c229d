import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSkills } from '../../policies/files/skills-folder.ts'
import { findFailures, parseEvals, runEval } from './evals.ts'

const directory = new URL('../../../../skills', import.meta.url).pathname
const skills = await openSkills(directory, { pollMs: null })
const readEvals = (skill: string) => readFileSync(join(directory, skill, 'evals/evals.json'), 'utf8')

describe.for(skills.all().map((skill) => [skill.name, skill] as const))('the examples of %s', ([name, skill]) => {
  const parsed = parseEvals(readEvals(name), `${name}/evals/evals.json`)
  const { skillName, evals } = parsed.ok ? parsed : { skillName: '', evals: [] }

  it.for(evals.map((one) => [one.name, one] as const))('say that %s', ([, one]) => {
    const actual = runEval(one, skill)

    expect(actual).toEqual(one.expected)
  })

  it('carry the name of the skill, and each a name of its own', () => {
    expect(skillName).toBe(name)
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

describe('an example that a policy does not follow', () => {
  const refunds = skills.forType('REFUND_REQUEST')

  it('is reported with its line and the problem', () => {
    const parsed = parseEvals(readEvals(refunds.name).replace('"confidence": 88', '"confidence": 89'), 'evals.json')

    const failures = parsed.ok ? findFailures(parsed.evals, { file: 'evals.json', skill: refunds }) : []

    expect(failures).toEqual([
      {
        file: 'evals.json',
        line: 4,
        path: '',
        problem: '"a defect reported after ten days is refunded": confidence is 88, not 89',
      },
    ])
  })

  it('is reported with its line if it is not an example at all', () => {
    const parsed = parseEvals(readEvals(refunds.name).replace('"riskScore": 20', '"riskScore": 200'), 'evals.json')

    expect(parsed).toMatchObject({ ok: false, problems: [{ line: 17, path: 'evals.0.input.customer.riskScore' }] })
  })
})
