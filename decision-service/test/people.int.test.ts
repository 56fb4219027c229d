import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { combineParts } from '../../shared/src/subgraph/combine-parts.ts'
import { createAnalyseDecisions, type Range } from '../src/decisions/analytics/analyse-decisions.ts'
import { type DecisionFact, toFact } from '../src/decisions/analytics/decision-fact.ts'
import { createFactKeeper, createReadFacts } from '../src/decisions/analytics/mongo-decision-facts.ts'
import { createLoaders } from '../src/decisions/inbound/loaders.ts'
import { createDecisionResolvers } from '../src/decisions/inbound/resolvers.ts'
import { toDecision } from '../src/decisions/outbound/documents.ts'
import { createDecisionsTransaction } from '../src/decisions/outbound/mongo-decisions-store.ts'
import type { Verdict } from '../src/domain/decision.ts'
import type { NewReview } from '../src/domain/review.ts'
import { startOversightWatch } from '../src/oversight/autonomy-watch.ts'
import { createGuardAutonomy } from '../src/oversight/guard-autonomy.ts'
import {
  createAutonomyTransaction,
  createMongoAutonomyStore,
  createMongoAutonomyViews,
} from '../src/oversight/mongo-autonomy.ts'
import { recordReviews } from '../src/oversight/record-reviews.ts'
import { createOversightResolvers } from '../src/oversight/resolvers.ts'
import { createRestoreAutonomy } from '../src/oversight/restore-autonomy.ts'
import { NOW, newCase, openService, VERDICT } from './service.ts'

const { mongo, db } = await openTestDatabase()
const { collections, accept, views } = await openService({ mongo, db })
const { autonomy } = collections
const outbox = createOutbox(db, () => {})
const guardAutonomy = createGuardAutonomy({ reviews: 3, floor: 0.9 })

const analyseDecisions = createAnalyseDecisions({ readFacts: createReadFacts(collections), decisionsMax: 100 })
const restoreAutonomy = createRestoreAutonomy({
  store: createMongoAutonomyStore({ mongo, autonomy, outbox }),
  isVersion: async (digest) => digest !== 'none',
  now: () => NOW,
  onCommit: () => {},
})
const { resolvers, createLoaders: loadersOf } = combineParts(
  { resolvers: createDecisionResolvers({ views, analyseDecisions }), createLoaders: () => createLoaders(views) },
  { resolvers: createOversightResolvers({ autonomy: createMongoAutonomyViews(autonomy), restoreAutonomy }) },
)
const subgraph = await serveSubgraph({
  name: 'decisions',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers,
  createLoaders: loadersOf,
  verifyToken,
  checks: {},
  port: 0,
  host: '127.0.0.1',
  logger: silent,
})
afterAll(subgraph.close)
const [admin, readOnly] = await Promise.all((['admin', 'read_only'] as const).map((role) => tokenOf(withRole(role))))
const query = (text: string, variables: object = {}) => ask(subgraph.url, { query: text, variables, token: readOnly! })

type Made = { verdict?: Partial<Verdict>; blind?: boolean; at?: Date }
/** A decision about a new issue. */
const decide = async ({ verdict = {}, blind = false, at = NOW }: Made = {}) => {
  const [job] = await accept(newCase())
  const { decideIssue } = await openService({
    mongo,
    db,
    evaluate: () => ({ ...VERDICT, ...verdict }),
    oversight: { blindShare: blind ? 1 : 0, isSuspended: () => false },
    now: () => at,
  })
  await decideIssue.decide(job!.id)
  return (await collections.decisions.findOne({ issueId: job!.case.issueId }))!
}
const review = (...reviews: readonly Pick<NewReview, 'decisionId' | 'action'>[]) =>
  inTransaction(mongo, (session) =>
    recordReviews(
      reviews.map((one) => ({ ...one, reviewer: 'rhea', tenant: 'default', requestId: 'req-2', at: NOW })),
      createDecisionsTransaction(collections, outbox, session),
      guardAutonomy(createAutonomyTransaction(autonomy, outbox, session)),
    ),
  )
const eventOf = async (id: string) => (await outboxEvents(db)).find((event) => event.id === id) ?? null

describe('a decision that waits for a blind review', () => {
  const EVERYWHERE = `query ($id: ID!, $issueId: ID!, $reps: [_Any!]!) {
    decision(id: $id) { id action }
    decisions(filter: { issueId: $issueId }) { nodes { id review { action agreement } } totalCount }
    _entities(representations: $reps) {
      ... on Decision { id }
      ... on Issue { decision { id } decisions { nodes { id } totalCount } }
    }
  }`
  const seenOf = async ({ _id: id, issueId }: { _id: string; issueId: string }) => {
    const reps = [
      { __typename: 'Decision', id },
      { __typename: 'Issue', id: issueId },
    ]
    const { data, errors } = await query(EVERYWHERE, { id, issueId, reps })
    expect(errors).toEqual([])
    return data
  }

  it('is nowhere to be seen', async () => {
    const decision = await decide({ blind: true })

    expect(decision).toMatchObject({ blind: true, routing: 'HUMAN_REVIEW', review: null })
    expect(await seenOf(decision)).toEqual({
      decision: null,
      decisions: { nodes: [], totalCount: 0 },
      _entities: [null, { decision: null, decisions: { nodes: [], totalCount: 0 } }],
    })
  })

  it('is seen with its review once a person has answered', async () => {
    const decision = await decide({ blind: true })

    await review({ decisionId: decision._id, action: 'DENY_REFUND' })

    const shown = { id: decision._id }
    expect(await seenOf(decision)).toEqual({
      decision: { ...shown, action: 'APPROVE_REFUND' },
      decisions: { nodes: [{ ...shown, review: { action: 'DENY_REFUND', agreement: 'REJECTED' } }], totalCount: 1 },
      _entities: [shown, { decision: shown, decisions: { nodes: [shown], totalCount: 1 } }],
    })
  })

  it('is published without its recommendation, and in full with the review', async () => {
    const decision = await decide({ blind: true })

    const made = await eventOf(`${decision.jobId}-made`)
    await review({ decisionId: decision._id, action: 'DENY_REFUND' })
    const reviewed = await eventOf(`${decision._id}-reviewed`)

    expect(JSON.stringify(made)).not.toMatch(/APPROVE|REFUND|91|R1/)
    expect(made).toMatchObject({
      data: { decisionId: decision._id, routing: 'HUMAN_REVIEW', blind: true },
      changes: { blind: { after: true }, policyDigest: { after: 'd1' } },
    })
    expect(reviewed).toMatchObject({
      type: 'decision.reviewed',
      actor: 'rhea',
      requestId: 'req-2',
      entity: { type: 'Decision', id: decision._id },
      changes: {
        recommended: { after: 'APPROVE_REFUND' },
        chosen: { after: 'DENY_REFUND' },
        agreement: { after: 'REJECTED' },
        confidence: { after: 91 },
      },
    })
    expect(reviewed!.at > made!.at).toBe(true)
  })
})

describe('a list of decisions', () => {
  const LIST = `query ($filter: DecisionFilter, $first: Int, $after: String) {
    decisions(filter: $filter, first: $first, after: $after) {
      nodes { id } totalCount pageInfo { endCursor hasNextPage } } }`

  it('is narrowed by every filter, newest first', async () => {
    const policy = { ...VERDICT.policy, digest: 'of-the-list' }
    const at = (minute: number) => new Date(NOW.getTime() + minute * 60_000)
    const make = (verdict: Partial<Verdict>, minute: number) =>
      decide({ verdict: { policy, ...verdict }, at: at(minute) })
    const [a, b, c] = [
      await make({ action: 'DENY_REFUND' }, 1),
      await make({ confidence: 75, engine: 'AI', fallback: true }, 2),
      await make({ confidence: 10 }, 3),
    ]
    await review({ decisionId: b._id, action: 'APPROVE_REFUND' })
    const listBy = async (filter: object) => {
      const { data, errors } = await query(LIST, { filter: { digest: 'of-the-list', ...filter } })
      expect(errors).toEqual([])
      expect(data.decisions.totalCount).toBe(data.decisions.nodes.length)
      return data.decisions.nodes.map(({ id }: { id: string }) => id)
    }

    expect(await listBy({})).toEqual([c._id, b._id, a._id])
    expect(await listBy({ issueId: a.issueId })).toEqual([a._id])
    expect(await listBy({ action: ['DENY_REFUND', 'ESCALATE'] })).toEqual([a._id])
    expect(await listBy({ routing: ['HUMAN_REVIEW', 'ESCALATE'] })).toEqual([c._id, b._id])
    expect(await listBy({ engine: ['AI'] })).toEqual([b._id])
    expect(await listBy({ fallback: true })).toEqual([b._id])
    expect(await listBy({ fallback: false })).toEqual([c._id, a._id])
    expect(await listBy({ reviewed: true })).toEqual([b._id])
    expect(await listBy({ reviewed: false })).toEqual([c._id, a._id])
    expect(await listBy({ decidedAfter: at(1.5), decidedBefore: at(2.5) })).toEqual([b._id])
    expect(await listBy({ action: [] })).toEqual([])
  })

  it.for([
    {},
    { action: ['APPROVE_REFUND'] },
    { routing: ['AUTO_RESOLVE', 'HUMAN_REVIEW'] },
    { engine: ['RULES'] },
    { fallback: true },
    { reviewed: true },
    { reviewed: false },
  ])('by %j alone is served by an index, page by page', async (filter) => {
    for (const fallback of [true, false]) await decide({ verdict: { fallback } })
    const first = await query(LIST, { filter, first: 1 })

    const { endCursor } = first.data.decisions.pageInfo
    const second = await query(LIST, { filter, first: 1, after: endCursor })

    expect([first.errors, second.errors]).toEqual([[], []])
    expect(second.data.decisions.nodes).not.toEqual(first.data.decisions.nodes)
  })
})

describe('the autonomy of an action', () => {
  const disagree = async (digest: string, count: number) => {
    const policy = { ...VERDICT.policy, digest }
    for (let index = 0; index < count; index++) {
      const { _id: decisionId } = await decide({ verdict: { policy }, blind: true })
      await review({ decisionId, action: 'DENY_REFUND' })
    }
  }
  const AUTONOMY = '{ autonomy { policy { digest } action suspended blindReviews blindAgreement { rate } since } }'
  const autonomyOf = async (digest: string) => {
    const { data } = await query(AUTONOMY)
    return data.autonomy.find((one: { policy: { digest: string } }) => one.policy.digest === digest)
  }

  it('is lost with the review that shows that people disagree, and workers hear of it', async () => {
    const watch = await startOversightWatch({ autonomy, blindShare: 0.1, pollMs: 10, logger: silent })
    onTestFinished(watch.stop)
    const policy = { ...VERDICT.policy, digest: 'lost' }

    await disagree('lost', 3)

    expect(await autonomyOf('lost')).toEqual({
      policy: { digest: 'lost' },
      action: 'APPROVE_REFUND',
      suspended: true,
      blindReviews: 3,
      blindAgreement: { rate: 0 },
      since: expect.any(String),
    })
    expect(await eventOf('autonomy-lost:APPROVE_REFUND-1')).toMatchObject({ type: 'autonomy.suspended' })
    expect(await eventOf('alert-autonomy-lost:APPROVE_REFUND-1')).toMatchObject({ data: { severity: 'WARNING' } })
    await expect.poll(() => watch.oversight.isSuspended(policy, 'APPROVE_REFUND')).toBe(true)
    expect(watch.oversight.isSuspended(policy, 'DENY_REFUND')).toBe(false)
    expect(watch.oversight.blindShare).toBe(0.1)
  })

  it('counts a review once that arrives twice, and keeps the first answer', async () => {
    const policy = { ...VERDICT.policy, digest: 'twice' }
    const { _id: decisionId } = await decide({ verdict: { policy }, blind: true })
    const said = { decisionId, action: 'DENY_REFUND' } as const

    await review(said, said)
    await review({ ...said, action: 'APPROVE_REFUND' })

    expect(await autonomyOf('twice')).toMatchObject({ blindReviews: 1, suspended: false, blindAgreement: { rate: 0 } })
    expect(await collections.decisions.findOne({ _id: decisionId })).toMatchObject({
      review: { agreement: 'REJECTED' },
    })
  })

  it('is not affected by reviews that were not blind', async () => {
    const { _id: decisionId } = await decide({ verdict: { policy: { ...VERDICT.policy, digest: 'seen' } } })

    await review({ decisionId, action: 'DENY_REFUND' })

    expect(await autonomyOf('seen')).toBeUndefined()
  })

  it('is not restored for a version that is not there', async () => {
    const query = 'mutation { restoreAutonomy(digest: "none", action: APPROVE_REFUND) { suspended } }'

    const { data, errors } = await ask(subgraph.url, { query, token: admin! })

    expect(data).toEqual({ restoreAutonomy: null })
    expect(errors).toMatchObject([{ extensions: { code: 'POLICY_VERSION_NOT_FOUND' } }])
  })

  it('is restored once, by a person with the permission', async () => {
    await disagree('back', 3)
    const restore = (token: string) =>
      ask(subgraph.url, {
        query: `mutation { restoreAutonomy(digest: "back", action: APPROVE_REFUND) {
          suspended blindReviews blindAgreement { rate } since } }`,
        token,
      })

    const refused = await restore(readOnly!)
    const restored = await restore(admin!)
    const again = await restore(admin!)

    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    expect(restored.data.restoreAutonomy).toEqual({
      suspended: false,
      blindReviews: 0,
      blindAgreement: null,
      since: null,
    })
    expect(again.errors).toMatchObject([{ extensions: { code: 'AUTONOMY_NOT_SUSPENDED' } }])
    expect(await eventOf('autonomy-back:APPROVE_REFUND-2')).toMatchObject({
      type: 'autonomy.restored',
      actor: 'a-admin',
    })
  })
})

describe('statistics of decisions', () => {
  const STATISTICS = `query ($from: DateTime!, $to: DateTime!) {
    decisionAnalytics(from: $from, to: $to, groupBy: ACTION) {
      total { decisions humanReview reviewed agreement { count of } latency { p50 } usage { costUsd } }
      groups { key policy { digest } statistics { decisions } }
      shadows { decisions }
    } }`
  const factsOf = async (range: Range, { limit, sliceSize }: { limit: number; sliceSize?: number }) => {
    const facts: DecisionFact[] = []
    for await (const slice of createReadFacts(collections, sliceSize)(range, limit)) facts.push(...slice)
    return facts
  }
  const year = (number: number) => `${number}-01-01T00:00:00Z`

  it('are those of the range, from its beginning to before its end', async () => {
    const at = (text: string) => new Date(text)
    const first = await decide({ at: at(year(2031)) })
    await decide({ at: at('2031-01-02T00:00:00Z'), blind: true })
    await decide({ at: at('2031-01-03T00:00:00Z') })
    await review({ decisionId: first._id, action: 'APPROVE_REFUND' })

    const { data, errors } = await query(STATISTICS, { from: year(2031), to: '2031-01-03T00:00:00Z' })

    expect(errors).toEqual([])
    expect(data.decisionAnalytics).toEqual({
      total: {
        decisions: 2,
        humanReview: 1,
        reviewed: 1,
        agreement: { count: 1, of: 1 },
        latency: { p50: 0 },
        usage: { costUsd: 0 },
      },
      groups: [{ key: 'APPROVE_REFUND', policy: null, statistics: { decisions: 1 } }],
      shadows: [],
    })
  })

  it('are of all that decisions have, be it rare', async () => {
    const decidedAt = new Date('2032-01-01T00:00:00Z')
    const decision = toDecision({ ...(await decide()), decidedAt })
    const shadow = { policy: VERDICT.policy, action: 'DENY_REFUND', confidence: 90, routing: 'AUTO_RESOLVE' } as const
    const usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, costUsd: 0.5 }
    const transaction = { id: 'txn_1', amount: { amount: 5, currency: 'USD' }, status: 'CAPTURED', ageDays: 1 } as const
    const rare = {
      ...decision,
      ...{ id: 'dec_rare', fallback: true, blind: true, shadow, usage },
      case: { ...decision.case, transaction },
    }

    await mongo.withSession((session) => createFactKeeper(collections, session).add([decision, rare]))

    const facts = await factsOf({ from: decidedAt, to: new Date(decidedAt.getTime() + 1) }, { limit: 10 })
    expect(facts).toEqual([toFact(decision), toFact(rare)])
    expect(facts[0]).toMatchObject({ fallback: false, blind: false, shadow: null, usage: null, atStake: null })
    expect(facts[1]).toMatchObject({ fallback: true, blind: true, shadow, usage, atStake: transaction.amount })
  })

  const slices = [
    [1, 10, 5],
    [2, 10, 5],
    [5, 10, 5],
    [2, 4, 4],
    [2, 3, 3],
    [1, 1, 1],
  ] as const
  it.for(
    // Of five moments, of three, and of one.
    [1, 2, 5].flatMap((sameMoment) => slices.map((slice) => [sameMoment, ...slice] as const)),
  )('%i of a moment are read in slices of %i, at most %i: %i', async ([sameMoment, sliceSize, limit, expected]) => {
    const firstMs = Date.parse('2033-01-01T00:00:00Z') + sameMoment * 1_000_000 + sliceSize * 1_000 + limit * 10
    const decision = toDecision(await decide())
    const five = Array.from({ length: 5 }, (_, confidence) => ({
      ...decision,
      id: `${decision.id}-${confidence}`,
      confidence,
      decidedAt: new Date(firstMs + Math.floor(confidence / sameMoment)),
    }))
    await mongo.withSession((session) => createFactKeeper(collections, session).add(five))

    const facts = await factsOf({ from: new Date(firstMs), to: new Date(firstMs + 5) }, { limit, sliceSize })

    expect(facts.map(({ confidence }) => confidence)).toEqual([0, 1, 2, 3, 4].slice(0, expected))
  })

  it('know the review of each decision, of a moment that it shares and from before decisions shared one', async () => {
    const decidedAt = new Date('2034-01-01T00:00:00Z')
    const decision = toDecision({ ...(await decide()), decidedAt })
    const review = { action: 'DENY_REFUND', agreement: 'REJECTED', reviewer: 'rhea', at: NOW } as const
    const { policy, ...alone } = toFact(decision)
    await collections.decisionFacts.insertOne({ _id: `${decidedAt.toISOString()} dec_alone`, policy, ...alone })

    await mongo.withSession(async (session) => {
      const keeper = createFactKeeper(collections, session)
      await keeper.add(['dec_a', 'dec_b', 'dec_c'].map((id) => ({ ...decision, id })))
      await keeper.review(['dec_b', 'dec_alone'].map((id) => ({ ...decision, id, review })))
    })

    const facts = await factsOf({ from: decidedAt, to: new Date(decidedAt.getTime() + 1) }, { limit: 10 })
    expect(facts.map((fact) => fact.review?.agreement ?? null)).toEqual([null, 'REJECTED', null, 'REJECTED'])
  })

  it('of a range without decisions are zeros and nulls', async () => {
    const { data } = await query(STATISTICS, { from: year(2040), to: '2040-01-02T00:00:00Z' })

    expect(data.decisionAnalytics).toMatchObject({
      total: { decisions: 0, agreement: null, latency: null },
      groups: [],
    })
  })

  it.for([
    ['ends before it begins', year(2031), year(2030)],
    ['is empty', year(2031), year(2031)],
    ['is longer than 92 days', year(2031), '2031-04-04T00:00:00Z'],
  ])('are refused for a range that %s', async ([, from, to]) => {
    const { errors } = await query(STATISTICS, { from, to })

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['to'] } }])
  })

  it('are refused where the range holds more decisions than can be counted', async () => {
    const few = createAnalyseDecisions({ readFacts: createReadFacts(collections), decisionsMax: 1 })
    const [from, to] = [new Date(year(2031)), new Date('2031-02-01T00:00:00Z')]

    await expect(few({ from, to, groupBy: 'ENGINE' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })
})
