import type { Cause } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { NO_OVERSIGHT } from '../src/decisions/domain/oversight.ts'
import { createMongoDecisionsStore } from '../src/decisions/outbound/mongo-decisions-store.ts'
import { createDecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import type { BusinessRule, RuleContent } from '../src/payments/rules/business-rule.ts'
import { createAlertsOf } from '../src/payments/rules/raise-rule-alerts.ts'
import { createRuleWatch } from '../src/payments/rules/rule-watch.ts'
import { openIssuesSubgraph } from './issues-subgraph.ts'
import { openPayments, paymentOf } from './payments.ts'
import { NOW, newCase, openService, VERDICT } from './service.ts'

const yen = { amount: { amount: 1_000, currency: 'JPY' }, status: 'CAPTURED' }
const { mongo, db } = await openTestDatabase()
const issues = await openIssuesSubgraph({ cust_1: { riskScore: 10, transactions: [yen], issues: [] } })
afterAll(issues.close)
const payments = await openPayments({ mongo, db, issuesUrl: issues.url })
afterAll(payments.close)
const { decidePayment, eventsAbout } = payments

const ADA: Cause & { requestId: string } = { actor: 'ada', requestId: 'req-1', ip: null, tenant: 'default' }
const caller = { ...ADA, token: await tokenOf(withRole('operator')) }

const rule: RuleContent = {
  id: 'yen-payments',
  description: 'Payments in yen',
  subject: 'PAYMENT',
  when: { currency: 'JPY' },
  severity: 'WARNING',
  verdict: 'REVIEW',
  enabled: true,
}
const inYen = { amount: { amount: 10, currency: 'JPY' } }

describe('a business rule', () => {
  it('counts when it matches, and raises one alert with the decision', async () => {
    await payments.upsertRule({ rule, seenVersion: null, cause: ADA })
    await payments.watch.refresh()
    const input = paymentOf('cust_1', inYen)

    const payment = await decidePayment({ input, caller })
    await decidePayment({ input, caller })

    expect(payment).toMatchObject({
      verdict: 'REVIEW',
      reasons: ['BUSINESS_RULE: The rule yen-payments, version 1, holds.'],
    })
    expect(await eventsAbout(payment.id)).toMatchObject([
      { type: 'payment.decided', at: '2030-06-15T12:00:00.000Z' },
      {
        id: `alert-rule-yen-payments-${payment.id}`,
        type: 'alert.raised',
        at: '2030-06-15T12:00:00.001Z',
        requestId: 'req-1',
        data: { type: 'BUSINESS_RULE', severity: 'WARNING' },
      },
    ])
  })

  it('is written with an event of what changed; what is the same already stays', async () => {
    const own = { ...rule, id: 'own-rule' }

    const first = await payments.upsertRule({ rule: own, seenVersion: null, cause: ADA })
    const same = await payments.upsertRule({ rule: own, seenVersion: 1, cause: { ...ADA, actor: 'bob' } })
    const next = await payments.upsertRule({ rule: { ...own, enabled: false }, seenVersion: 1, cause: ADA })

    expect([first.version, same.version, next.version]).toEqual([1, 1, 2])
    expect(same.changedBy).toBe('ada')
    const events = await eventsAbout('own-rule')
    expect(events).toHaveLength(2)
    expect(events[0]?.changes.when).toEqual({ before: null, after: { currency: 'JPY' } })
    expect(events[1]).toMatchObject({
      id: 'rule-own-rule-2',
      type: 'rule.changed',
      changes: { enabled: { before: true, after: false } },
    })
    expect((await payments.rules.all()).find(({ id }) => id === 'own-rule')).toEqual(next)
  })

  it.for([3, 0])(
    'that is written over version %i, which is not the one there is, is a conflict',
    async (seenVersion) => {
      await payments.upsertRule({ rule: { ...rule, id: 'seen-rule' }, seenVersion: null, cause: ADA })

      const change = { rule: { ...rule, id: 'seen-rule', enabled: false }, seenVersion, cause: ADA }

      await expect(payments.upsertRule(change)).rejects.toMatchObject({ code: 'CONFLICT' })
    },
  )

  it('is stored and published with its description masked, and written once', async () => {
    const own = { ...rule, id: 'masked-rule', description: 'Ask ada@example.com\ud800' }

    const first = await payments.upsertRule({ rule: own, seenVersion: null, cause: ADA })
    const again = await payments.upsertRule({ rule: own, seenVersion: null, cause: ADA })

    expect([first, again]).toMatchObject([
      { description: 'Ask [email]', version: 1 },
      { description: 'Ask [email]', version: 1 },
    ])
    expect(JSON.stringify(await eventsAbout('masked-rule'))).not.toContain('ada@example.com')
  })

  it('that is wrong is refused with the place', async () => {
    const wrong = { rule: { ...rule, when: { colour: 'red' } }, seenVersion: null, cause: ADA }

    await expect(payments.upsertRule(wrong)).rejects.toMatchObject({
      code: 'RULE_REFUSED',
      facts: { problems: [{ path: ['input', 'when', 'colour'] }] },
    })
  })

  it('that two write at the same moment has two versions', async () => {
    const own = { ...rule, id: 'busy-rule' }
    const write = (description: string) =>
      payments.upsertRule({ rule: { ...own, description }, seenVersion: null, cause: ADA })

    const written = await Promise.all([write('one'), write('two')])

    expect(written.map(({ version }) => version).sort()).toEqual([1, 2])
    expect(await eventsAbout('busy-rule')).toHaveLength(2)
  })
})

/** Decides one case of a customer with a risk score of 5, while the rules are held against it. */
async function decideWith(rule: Partial<RuleContent>) {
  const version = { version: 1, changedBy: 'ada', changedAt: NOW }
  const watch = createRuleWatch({ readRules: async () => [{ ...aboutRefunds, ...rule, ...version }], logger: silent })
  await watch.refresh()
  const { accept, collections, eventsOf, views } = await openService({ mongo, db })
  const outbox = createOutbox(db, () => {})
  const decideIssue = createDecideIssue({
    announcesStart: true,
    store: createMongoDecisionsStore({ mongo, collections, outbox }),
    evaluate: () => ({ verdict: VERDICT, shadow: null }),
    thresholdsOf: () => ({ autoResolve: 80, humanReview: 70 }),
    oversight: NO_OVERSIGHT,
    alertsOf: createAlertsOf(watch.hitsOf),
    now: () => NOW,
    monotonicMs: () => 0,
    onCommit: () => {},
  })
  const [job] = await accept(newCase())
  await decideIssue.decide(job!.id)
  await decideIssue.decide(job!.id)
  const [[decision] = []] = await views.decisionsOf([job!.case.issueId])
  return { decision: decision!, events: await eventsOf(job!.id), about: await eventsAbout(decision!.id) }
}

const aboutRefunds: RuleContent = {
  ...rule,
  id: 'calm-refunds',
  subject: 'REFUND_REQUEST',
  when: { riskScore: { lt: 10 } },
  verdict: null,
  severity: 'INFO',
}

describe('a business rule about issues', () => {
  it('raises one alert when it matches, stored with the decision and dated after it', async () => {
    const { decision, about } = await decideWith({})

    const alerts = about.filter(({ type }) => type === 'alert.raised')
    expect(alerts).toMatchObject([
      {
        id: `alert-rule-calm-refunds-${decision.id}`,
        actor: 'redress:worker',
        requestId: 'req-1',
        entity: { type: 'Decision', id: decision.id },
        data: { type: 'BUSINESS_RULE', severity: 'INFO' },
      },
    ])
    expect(alerts[0]!.at > decision.decidedAt.toISOString()).toBe(true)
  })

  it('raises none when it does not match', async () => {
    const { events, about } = await decideWith({ when: { riskScore: { gte: 10 } } })

    expect(events).toHaveLength(2)
    expect(about.filter(({ type }) => type === 'alert.raised')).toEqual([])
  })
})

describe('the watch of the rules', () => {
  it('hears of changes, and keeps the last rules while they cannot be read', async () => {
    const refunds = { ...aboutRefunds, version: 1, changedBy: 'ada', changedAt: NOW }
    let stored: readonly BusinessRule[] | Error = [refunds]
    const readRules = async () => {
      if (stored instanceof Error) throw stored
      return stored
    }
    const watch = createRuleWatch({ readRules, everyMs: 5, logger: silent })
    const held = () => watch.hitsOf(newCase().case).map(({ version }) => version)

    await watch.start()
    expect(held()).toEqual([1])
    stored = [{ ...refunds, version: 2 }]
    await expect.poll(held).toEqual([2])
    stored = new Error('away')
    await watch.refresh().catch(() => {})
    expect(held()).toEqual([2])
    stored = []
    await expect.poll(held).toEqual([])

    await watch.stop()
  })
})
