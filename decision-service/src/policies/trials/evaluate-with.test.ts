import type { DecisionCase } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { ModelError } from '../../engines/model/model.ts'
import { rulesEngine } from '../../engines/rules/rules-engine.ts'
import { openSkills } from '../files/skills-folder.ts'
import { createEvaluateWith } from './evaluate-with.ts'

const skills = await openSkills(new URL('../../../../skills', import.meta.url).pathname, { pollMs: null })
const decline = skills.forType('DECLINE')
const earlier = { ...decline, version: '0.9.0', digest: 'd0' }
const policies = {
  inForce: skills.forType,
  find: async (digest: string) => (digest === 'd0' ? earlier : digest === 'd1' ? skills.forType('DISPUTE') : null),
}
const failing = { decide: () => Promise.reject(new ModelError('timeout', 'No answer within 30 s.')) }
const holding = {
  decide: () => Promise.reject(new Error('later', { cause: new ModelError('busy', 'There is no room for a call.') })),
}
const broken = { decide: () => Promise.reject(new Error('a bug')) }
const evaluateWith = createEvaluateWith({
  policies,
  engines: { RULES: rulesEngine, AI: failing },
  engineInForce: 'RULES',
})

const declined: DecisionCase = {
  issueId: 'iss_1',
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  customer: {
    id: 'cust_1',
    riskScore: 10,
    accountAgeDays: 400,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: null,
}

describe('a case that is tried', () => {
  it('is decided by the version in force by default', async () => {
    const verdict = await evaluateWith(declined, { digest: null, engine: null })

    expect(verdict).toMatchObject({ engine: 'RULES', policy: { digest: decline.digest } })
  })

  it('is decided by the version that is asked for', async () => {
    const verdict = await evaluateWith(declined, { digest: 'd0', engine: 'RULES' })

    expect(verdict.policy).toEqual({ skill: 'decline-policy', version: '0.9.0', digest: 'd0' })
  })

  it.for<[string, string, { digest: string | null; engine: 'AI' | 'ENSEMBLE' | null }]>([
    ['a version that is not on record', 'POLICY_VERSION_NOT_FOUND', { digest: 'd9', engine: null }],
    ['a version for another type of issue', 'BAD_USER_INPUT', { digest: 'd1', engine: null }],
    ['an engine without a model', 'ENGINE_NOT_CONFIGURED', { digest: null, engine: 'ENSEMBLE' }],
    ['an engine that fails', 'ENGINE_FAILED', { digest: null, engine: 'AI' }],
  ])('is refused with %s', async ([, code, wanted]) => {
    await expect(evaluateWith(declined, wanted)).rejects.toMatchObject({ code })
  })

  it('is not held until its engine has room', async () => {
    const busy = createEvaluateWith({ policies, engines: { AI: holding }, engineInForce: 'AI' })

    const refusal = { code: 'ENGINE_FAILED', facts: { failure: 'busy' } }
    await expect(busy(declined, { digest: null, engine: null })).rejects.toMatchObject(refusal)
  })

  it('does not take a bug for a failure of a model', async () => {
    const buggy = createEvaluateWith({ policies, engines: { AI: broken }, engineInForce: 'AI' })

    await expect(buggy(declined, { digest: null, engine: null })).rejects.toThrow('a bug')
  })
})
