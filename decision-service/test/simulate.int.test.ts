import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { decisionIdFor } from '../src/decisions/domain/job.ts'
import { createLoaders } from '../src/decisions/inbound/loaders.ts'
import { createDecisionResolvers } from '../src/decisions/inbound/resolvers.ts'
import { ModelError } from '../src/engines/model/model.ts'
import { decideByRules, rulesEngine } from '../src/engines/rules/rules-engine.ts'
import { openSkills } from '../src/policies/files/skills-folder.ts'
import { createEvaluateWith } from '../src/policies/trials/evaluate-with.ts'
import { createFindLatestCase } from '../src/policies/trials/mongo-latest-case.ts'
import { createSimulateDecision } from '../src/policies/trials/simulate-decision.ts'
import { createTrialResolvers } from '../src/policies/trials/trial-resolvers.ts'
import { NOW, newCase, openService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const skills = await openSkills(new URL('../../skills', import.meta.url).pathname, { pollMs: null })
const service = await openService({
  mongo,
  db,
  evaluate: (one) => decideByRules(one, skills.forType(one.details.type)),
})

const find = async (digest: string) => skills.all().find((skill) => skill.digest === digest) ?? null
const failing = { decide: () => Promise.reject(new ModelError('overloaded', 'Try later.')) }
const simulateDecision = createSimulateDecision({
  findLatestCase: createFindLatestCase(service.collections),
  evaluate: createEvaluateWith({
    policies: { inForce: skills.forType, find },
    engines: { RULES: rulesEngine, AI: failing },
    engineInForce: 'RULES',
  }),
  thresholdsOf: () => ({ autoResolve: 80, humanReview: 70 }),
  newId: () => 'sim_1',
  now: () => NOW,
  monotonicMs: () => performance.now(),
})
const notHere = () => Promise.reject(new Error('not here'))
const { Query, ...rest } = createDecisionResolvers({ views: service.views, analyseDecisions: notHere })
const trials = createTrialResolvers({ simulateDecision, replayDecision: notHere })
const subgraph = await serveSubgraph({
  name: 'decisions',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: { ...rest, Query: { ...Query, ...trials.Query } },
  createLoaders: () => createLoaders(service.views),
  verifyToken,
  checks: {},
  port: 0,
  host: '127.0.0.1',
  logger: silent,
})
afterAll(() => subgraph.close())

const token = await tokenOf(withRole('operator'))
const simulate = (input: object) =>
  ask(subgraph.url, {
    query: `query ($input: SimulateDecisionInput!) { simulateDecision(input: $input) {
      id issue { id } action confidence routing engine policyApplied policy { digest } review { action } decidedAt
      blind autonomySuspended shadow { action } trace { name }
    } }`,
    variables: { input },
    token,
  })
/** Every document of the database. */
const everything = async () => {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort()
  return Promise.all(names.map(async (name) => [name, await db.collection(name).find().sort({ _id: 1 }).toArray()]))
}
const refund = { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 2 } }
const customer = { riskScore: 5, accountAgeDays: 1000 }
const transaction = { amount: { amount: 2_000, currency: 'USD' }, ageDays: 2 }

describe('a simulated decision', () => {
  it('of an invented case gives the decision, and stores nothing', async () => {
    const before = await everything()

    const { data } = await simulate({ case: { details: refund, customer, transaction } })

    expect(data.simulateDecision).toEqual({
      id: 'sim_1',
      issue: null,
      action: 'APPROVE_REFUND',
      confidence: expect.any(Number),
      routing: 'AUTO_RESOLVE',
      engine: 'RULES',
      policyApplied: expect.stringMatching(/^refund-policy §/),
      policy: { digest: skills.forType('REFUND_REQUEST').digest },
      review: null,
      decidedAt: NOW.toISOString(),
      blind: false,
      autonomySuspended: false,
      shadow: null,
      trace: [{ name: 'context' }, { name: 'rules' }, { name: 'routing' }],
    })
    expect(await everything()).toEqual(before)
  })

  it('of an issue is that of its latest case, and leaves the real one as it is', async () => {
    const [job] = await service.accept(newCase())
    await service.decideIssue.decide(job!.id)
    const [real] = (await service.views.decisionsOf([job!.case.issueId]))[0]!
    const before = await everything()

    const { data } = await simulate({ issueId: job!.case.issueId })

    const { action, confidence, routing, policyApplied } = real!
    expect(data.simulateDecision).toMatchObject({ action, confidence, routing, policyApplied })
    expect(data.simulateDecision).toMatchObject({ id: 'sim_1', issue: null })
    expect(await everything()).toEqual(before)
  })

  it('hides a decision that awaits a blind review', async () => {
    const [job] = await service.accept(newCase())
    await service.decideIssue.decide(job!.id)
    await service.collections.decisions.updateOne({ issueId: job!.case.issueId }, { $set: { blind: true } })

    const { errors } = await simulate({ issueId: job!.case.issueId })

    expect(errors[0]?.extensions.code).toBe('DECISION_NOT_FOUND')
  })

  it('does not reveal it through an earlier case of the same issue either', async () => {
    const asked = newCase()
    const [first, second] = await service.accept(asked, { ...asked, eventId: `${asked.eventId}-again` })
    for (const { id } of [first!, second!]) await service.decideIssue.decide(id)
    const later = { _id: decisionIdFor(second!.id) }
    await service.collections.decisions.updateOne(later, {
      $set: { blind: true, decidedAt: new Date(NOW.getTime() + 9) },
    })

    const { errors } = await simulate({ issueId: asked.case.issueId })

    expect(errors[0]?.extensions.code).toBe('DECISION_NOT_FOUND')
  })

  it.for([
    ['an issue without a decision', { issueId: 'iss_none' }, 'DECISION_NOT_FOUND'],
    ['no issue and no case', {}, 'BAD_USER_INPUT'],
    ['an unknown version', { case: { details: refund, customer }, digest: 'd9' }, 'POLICY_VERSION_NOT_FOUND'],
    ['an engine without a model', { case: { details: refund, customer }, engine: 'ENSEMBLE' }, 'ENGINE_NOT_CONFIGURED'],
    ['an engine that fails', { case: { details: refund, customer }, engine: 'AI' }, 'ENGINE_FAILED'],
  ] as const)('of %s is refused', async ([, input, code]) => {
    const { errors } = await simulate(input)

    expect(errors[0]?.extensions.code).toBe(code)
  })
})
