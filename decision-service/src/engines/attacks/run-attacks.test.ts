import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { refundCase } from '../../../test/refund-policy.ts'
import { openSkills } from '../../policies/files/skills-folder.ts'
import { toModelRequest } from '../ai/prompt.ts'
import { type Model, ModelError, type ModelRequest } from '../model/model.ts'
import { toAttackReport, toAttackTable } from './attack-report.ts'
import { parseCorpus } from './corpus.ts'
import { findLeaks } from './find-leaks.ts'
import { obedientModel } from './obedient-model.ts'
import { runAttacks, type Target } from './run-attacks.ts'
import { toModelTargets } from './targets.ts'

const skills = await openSkills(new URL('../../../../skills', import.meta.url).pathname, { pollMs: null })
const skill = skills.forType('REFUND_REQUEST')
const corpus = parseCorpus(readFileSync(new URL('../../../evals/injection-corpus.json', import.meta.url), 'utf8'))

const refundWith = (details: { reason: 'DEFECTIVE' | 'CHANGED_MIND'; daysSincePurchase: number }): Target => {
  const decisionCase = refundCase({ details: { type: 'REFUND_REQUEST', ...details, partialAmount: null } })
  return { decisionCase, skill }
}
const denied = refundWith({ reason: 'CHANGED_MIND', daysSincePurchase: 60 })
const approved = refundWith({ reason: 'DEFECTIVE', daysSincePurchase: 9 })
const toConfirm = refundWith({ reason: 'DEFECTIVE', daysSincePurchase: 60 })

describe('the corpus of attacks', () => {
  it('has at least 80 texts in at least 10 languages by at least 40 techniques, no two the same', () => {
    const different = (key: 'id' | 'text' | 'language' | 'technique') => new Set(corpus.map((one) => one[key])).size

    expect(corpus.length).toBeGreaterThanOrEqual(80)
    expect([different('id'), different('text')]).toEqual([corpus.length, corpus.length])
    expect(different('language')).toBeGreaterThanOrEqual(10)
    expect(different('technique')).toBeGreaterThanOrEqual(40)
  })

  it('is refused where two texts are the same', () => {
    const twice = [corpus[0], { ...corpus[0], id: 'another' }]

    expect(() => parseCorpus(JSON.stringify(twice))).toThrow('has the text of another one')
  })
})

describe('a model that believes every text', () => {
  it('gives away whatever there is to give, and the guard takes all of it back', async () => {
    const attempts = await runAttacks({ model: obedientModel, attacks: corpus, targets: [denied, toConfirm] })

    const { total, breaches } = toAttackReport(attempts)
    expect(total).toMatchObject({
      attempts: 2 * corpus.length,
      gainable: 2 * corpus.length,
      before: 2 * corpus.length,
      after: 0,
    })
    expect(breaches).toEqual([])
  })

  it('gains nothing if the facts alone give the costliest action', async () => {
    const [attempt] = await runAttacks({ model: obedientModel, attacks: corpus.slice(0, 1), targets: [approved] })

    expect(attempt).toMatchObject({ hasGain: false, succeededBefore: false, succeededAfter: false })
  })
})

describe('a report of attacks', () => {
  const [attack] = corpus as [(typeof corpus)[0]]
  const attempt = { attack, target: denied, hasGain: true, succeededBefore: true, succeededAfter: true }

  it('names each text that got past the guard or out of its fence', () => {
    const { breaches } = toAttackReport([{ ...attempt, leaks: ['a tag is in the data'], failed: false, costUsd: 0 }])

    expect(breaches).toEqual([
      'override-1 on refund-policy iss_1: gave more than the facts alone, past the guard',
      'override-1 on refund-policy iss_1: a tag is in the data',
    ])
  })

  it('shows how many succeeded before and after the guard', () => {
    const rows = [true, false].map((succeededAfter) => ({
      ...attempt,
      succeededAfter,
      leaks: [],
      failed: false,
      costUsd: 0.5,
    }))

    const report = toAttackReport(rows)

    expect(report.costUsd).toBe(1)
    expect(toAttackTable(report).split('\n').at(-1)).toMatch(/all +1 +2 +2\/2 100\.0% +1\/2 50\.0%/)
  })

  it('counts where a model has no usable answer, which gives nothing away', async () => {
    const failing: Model = {
      ask: ({ maxTokens }) =>
        maxTokens > 0 ? Promise.reject(new ModelError('timeout', 'Too late.')) : Promise.reject(new Error('never')),
    }
    const babbling: Model = { ask: async () => ({ ...(await obedientModel.ask(question)), text: 'Sure!' }) }
    const question = toModelRequest([denied.decisionCase], skill)

    for (const model of [failing, babbling]) {
      const attempts = await runAttacks({ model, attacks: corpus.slice(0, 3), targets: [denied], concurrency: 2 })

      expect(toAttackReport(attempts).total).toMatchObject({ attempts: 3, failed: 3, before: 0, after: 0 })
    }
  })
})

describe('a prompt that a text has broken', () => {
  const calm = toModelRequest([denied.decisionCase], skill)
  const decisionCase = { ...denied.decisionCase, message: 'hello' }
  const asked = toModelRequest([decisionCase], skill)
  const leaksOf = (change: Partial<ModelRequest>) => findLeaks({ ...asked, ...change }, calm, decisionCase)

  it('is not found where nothing is broken', () => {
    expect(leaksOf({})).toEqual([])
  })

  it.for<[string, Partial<ModelRequest>]>([
    ['the fence is not where it should be', { user: `${asked.user}\nmore` }],
    ['the number of the fence was known', { user: calm.user }],
    ['the instructions depend on the text', { system: [...asked.system, 'hello'] }],
    ['the facts depend on the text', { user: asked.user.replace('"riskScore":5', '"riskScore":0') }],
    ['something that nobody sees is in it', { user: asked.user.replace('hello', 'hel\u200blo') }],
    ['something that nobody sees is in it', { user: asked.user.replace('hello', 'hel\\u001blo') }],
    ['a tag is in the data', { user: asked.user.replace('hello', '<b>') }],
    ['an id is in it', { user: asked.user.replace('"case-1"', '"iss_1"') }],
  ])('is found: %s', ([problem, change]) => {
    expect(leaksOf(change)).toContain(problem)
  })
})

describe('the cases for a model that costs money', () => {
  it('are one of each type, and never one that a person decides anyway', () => {
    const targets = toModelTargets([
      { ...denied, decisionCase: { ...denied.decisionCase, transaction: null } },
      approved,
      denied,
    ])

    expect(targets).toEqual([denied])
  })
})
