import { ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { anyDecisionCase } from '../../../decision-service/src/engines/rules/decision-cases.testing.ts'
import { decideByRules } from '../../../decision-service/src/engines/rules/rules-engine.ts'
import type { Skill } from '../../../decision-service/src/policies/files/skill.ts'
import { openSkills } from '../../../decision-service/src/policies/files/skills-folder.ts'
import { readFacts } from '../../../decision-service/src/policies/table/facts.ts'
import { percentile } from '../processes.ts'
import { median } from './median.ts'

type Decidable = Readonly<{ decisionCase: Parameters<typeof decideByRules>[0]; skill: Skill }>
/** Microseconds per decision, by percentile. */
type Percentiles = Readonly<{ p50: number; p95: number }>
export type RulesFigures = Readonly<{
  byType: Readonly<Record<IssueType, Percentiles>>
  all: Percentiles
  /** On one core, by CPU time. */
  perSecond: number
  /** The unavoidable work: reading the facts, and serializing and parsing the verdict once. */
  floors: Readonly<{ facts: Percentiles; copy: Percentiles }>
}>

const WARM_UP_ROUNDS = 5
const SKILLS = new URL('../../../skills', import.meta.url).pathname

/** Decides `cases` random cases of each type. Each round measures all variants in turn. */
export async function measureRules({ rounds, cases }: { rounds: number; cases: number }): Promise<RulesFigures> {
  const skills = await openSkills(SKILLS, { pollMs: null })
  const byType = {} as Record<IssueType, Decidable[]>
  for (const type of ISSUE_TYPES) byType[type] = sample(type, cases, skills.forType(type))
  const all = ISSUE_TYPES.flatMap((type) => byType[type])
  const verdicts = all.map(({ decisionCase, skill }) => decideByRules(decisionCase, skill))

  const taken = {
    facts: [] as Percentiles[],
    copy: [] as Percentiles[],
    all: [] as Percentiles[],
    perSecond: [] as number[],
  }
  const takenByType = Object.fromEntries(ISSUE_TYPES.map((type) => [type, []])) as unknown as Record<
    IssueType,
    Percentiles[]
  >
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const ofTypes = ISSUE_TYPES.map((type) => timeEach(byType[type], decide))
    const facts = timeEach(all, read)
    const copy = timeEach(verdicts, (verdict) => JSON.parse(JSON.stringify(verdict)))
    const perSecond = countPerSecond(all)
    if (round < 0) continue
    for (const [at, type] of ISSUE_TYPES.entries()) takenByType[type].push(toPercentiles(ofTypes[at]!))
    taken.all.push(toPercentiles(ofTypes.flat()))
    taken.facts.push(toPercentiles(facts))
    taken.copy.push(toPercentiles(copy))
    taken.perSecond.push(perSecond)
  }
  const figures = Object.fromEntries(ISSUE_TYPES.map((type) => [type, mediansOf(takenByType[type])]))
  return {
    byType: figures as Record<IssueType, Percentiles>,
    all: mediansOf(taken.all),
    perSecond: median(taken.perSecond),
    floors: { facts: mediansOf(taken.facts), copy: mediansOf(taken.copy) },
  }
}

const decide = ({ decisionCase, skill }: Decidable) => decideByRules(decisionCase, skill)
const read = ({ decisionCase, skill }: Decidable) =>
  readFacts(decisionCase, { currencies: skill.table.currencies, maxAmount: skill.maxAmount })

/** The same cases in every run, so that runs can be compared. */
function sample(type: IssueType, count: number, skill: Skill): Decidable[] {
  const ofType = anyDecisionCase.filter(({ details }) => details.type === type)
  return fc.sample(ofType, { numRuns: count, seed: 2030 }).map((decisionCase) => ({ decisionCase, skill }))
}

/** Microseconds per case. Results are kept until the end, so that the compiler cannot drop the work. */
function timeEach<T>(items: readonly T[], work: (item: T) => unknown): number[] {
  const kept: unknown[] = []
  const micros = items.map((item) => {
    const beganAt = performance.now()
    kept.push(work(item))
    return (performance.now() - beganAt) * 1000
  })
  if (kept.length !== items.length) throw new Error('Something was left out.')
  return micros
}

function countPerSecond(items: readonly Decidable[]): number {
  const before = process.cpuUsage()
  for (const item of items) decide(item)
  const { user, system } = process.cpuUsage(before)
  return items.length / ((user + system) / 1e6)
}

function toPercentiles(micros: readonly number[]): Percentiles {
  const sorted = micros.toSorted((a, b) => a - b)
  return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) }
}

function mediansOf(rounds: readonly Percentiles[]): Percentiles {
  return { p50: median(rounds.map(({ p50 }) => p50)), p95: median(rounds.map(({ p95 }) => p95)) }
}
