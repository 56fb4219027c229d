import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toDecision } from '../src/decisions/outbound/documents.ts'
import { RULES_THRESHOLDS, routeVerdict } from '../src/domain/routing.ts'
import { anyDecisionCase } from '../src/engines/rules/decision-cases.testing.ts'
import { decideByRules } from '../src/engines/rules/rules-engine.ts'
import { openSkills } from '../src/policies/files/skills-folder.ts'
import { newCase, openService } from './service.ts'

const DIRECTORY = new URL('../../skills', import.meta.url).pathname
const DECISIONS = 100

const { mongo, db } = await openTestDatabase()
const skills = await openSkills(DIRECTORY, { pollMs: null })
const service = await openService({
  mongo,
  db,
  evaluate: (one) => decideByRules(one, skills.forType(one.details.type)),
})

describe('every stored decision', () => {
  it('is made again by the policy that its digest names, from the case that is stored with it', async () => {
    const cases = fc.sample(anyDecisionCase, { numRuns: DECISIONS, seed: 7 })
    const jobs = await service.accept(...cases.map(({ issueId: _, ...rest }) => newCase(rest)))
    await Promise.all(jobs.map(({ id }) => service.decideIssue.decide(id)))

    const stored = (await service.collections.decisions.find().toArray()).map(toDecision)
    const readAnew = await openSkills(DIRECTORY, { pollMs: null })
    const byDigest = new Map(readAnew.all().map((skill) => [skill.digest, skill]))

    expect(stored).toHaveLength(DECISIONS)
    for (const { case: decisionCase, policy, action, confidence, routing, policyApplied, reasoning, trace } of stored) {
      const again = decideByRules(decisionCase, byDigest.get(policy.digest)!)

      expect(again).toMatchObject({ action, confidence, policyApplied, reasoning, policy })
      expect(routeVerdict(again, RULES_THRESHOLDS)).toBe(routing)
      // A stored decision ends with the step of the routing.
      expect(again.trace.map(({ output }) => output)).toEqual(trace.slice(0, -1).map(({ output }) => output))
    }
  })
})
