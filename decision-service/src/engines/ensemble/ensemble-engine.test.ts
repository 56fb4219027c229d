import { silent } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { readRefundPolicy, refundCase, toAnswer } from '../../../test/refund-policy.ts'
import type { Arbiter } from '../../policies/files/arbiter.ts'
import type { DecisionEngine } from '../engine.ts'
import { type Model, ModelError, type ModelRequest } from '../model/model.ts'
import { createEnsembleEngine } from './ensemble-engine.ts'

const SKILL = readRefundPolicy()
const ARBITER: Arbiter = {
  name: 'arbiter',
  description: 'Weighs votes.',
  version: '1.2.3',
  effectiveFrom: '2026-11-01',
  digest: 'a'.repeat(64),
  text: 'You are the arbiter.',
  voters: [
    { name: 'letter', weight: 40, lens: 'LETTER' },
    { name: 'care', weight: 20, lens: 'CARE' },
    { name: 'fraud', weight: 20, lens: 'FRAUD' },
  ],
  rulesWeight: 20,
}
const USED = { inputTokens: 100, outputTokens: 10, cacheReadTokens: 5, cacheWriteTokens: 1, costUsd: 0.001 }

type Said = readonly [action: string, confidence: number]
const says = ([action, confidence]: Said, asArbiter: boolean) =>
  asArbiter ? JSON.stringify({ action, confidence, reasoning: `It is ${action}.` }) : toAnswer([{ action, confidence }])

/** Each voter says what is written for its lens, and the arbiter what is written for it; an error is thrown. */
function createScript(script: Readonly<Record<string, Said | string | Error>>) {
  const requests: ModelRequest[] = []
  const model: Model = {
    async ask(request) {
      requests.push(request)
      const [, second = '', third = ''] = request.system
      const line = script[second === ARBITER.text ? 'ARBITER' : third]!
      if (line instanceof Error) throw line
      const said = typeof line === 'string' ? line : says(line, second === ARBITER.text)
      return { text: said, usage: USED, model: 'claude-test' }
    },
  }
  return { model, requests, askedArbiter: () => requests.some(({ system }) => system[1] === ARBITER.text) }
}
const engineOf = (model: Model, arbiter: Arbiter = ARBITER): DecisionEngine =>
  createEnsembleEngine({
    model,
    arbiter: () => arbiter,
    budgetMs: 1_000,
    onFailure: 'fallback',
    monotonicMs: () => 0,
    logger: silent,
  })
const APPROVE: Said = ['APPROVE_REFUND', 90]
const DENY: Said = ['DENY_REFUND', 95]
const timeout = () => new ModelError('timeout', 'too late', { usage: { ...USED, outputTokens: 0 } })

describe('a unanimous ensemble', () => {
  it('decides without an arbiter, as sure as its members are by weight', async () => {
    const script = createScript({ LETTER: APPROVE, CARE: ['APPROVE_REFUND', 100], FRAUD: ['APPROVE_REFUND', 80] })

    const verdict = await engineOf(script.model).decide(refundCase(), SKILL)

    expect(script.askedArbiter()).toBe(false)
    // (40 × 90 + 20 × 100 + 20 × 80 + 20 × 88 by the rules) ÷ 100
    expect(verdict).toMatchObject({
      action: 'APPROVE_REFUND',
      confidence: 89,
      reasoning: 'It is APPROVE_REFUND.',
      policyApplied: 'refund-policy §3.2 defective-prompt',
      policy: { skill: 'refund-policy', digest: SKILL.digest },
      engine: 'ENSEMBLE',
      fallback: false,
      model: 'claude-test',
      usage: { inputTokens: 300, outputTokens: 30, cacheReadTokens: 15, cacheWriteTokens: 3, costUsd: 0.003 },
    })
  })

  it('leaves each vote in the trace, and what they add up to', async () => {
    const script = createScript({ LETTER: APPROVE, CARE: APPROVE, FRAUD: APPROVE })

    const { trace } = await engineOf(script.model).decide(refundCase(), SKILL)

    expect(trace.map(({ name, ok, output }) => [name, ok, output?.voter])).toEqual([
      ['vote', true, 'rules'],
      ['vote', true, 'letter'],
      ['vote', true, 'care'],
      ['vote', true, 'fraud'],
      ['tally', true, undefined],
      ['guard', true, undefined],
    ])
    expect(trace[1]?.output).toEqual({
      voter: 'letter',
      weight: 40,
      action: 'APPROVE_REFUND',
      confidence: 90,
      reasoning: 'It is APPROVE_REFUND.',
      policyApplied: 'refund-policy §3.2 defective-prompt',
      model: 'claude-test',
    })
    expect(trace[4]?.output).toEqual({
      winner: 'APPROVE_REFUND',
      confidence: 89,
      agreement: 1,
      unanimous: true,
      arbiter: { skill: 'arbiter', version: '1.2.3', digest: ARBITER.digest },
    })
  })

  it('asks all voters before it has an answer of any', async () => {
    const gate = Promise.withResolvers<void>()
    let asked = 0
    const { model } = createScript({ LETTER: APPROVE, CARE: APPROVE, FRAUD: APPROVE })
    const patient: Model = {
      async ask(request) {
        if (++asked === 3) gate.resolve()
        await gate.promise
        return model.ask(request)
      },
    }

    expect(await engineOf(patient).decide(refundCase(), SKILL)).toMatchObject({ action: 'APPROVE_REFUND' })
  })
})

describe('voters that differ', () => {
  it('are settled by an arbiter that sees the votes and may choose only among them', async () => {
    const script = createScript({ LETTER: DENY, CARE: APPROVE, FRAUD: DENY, ARBITER: ['DENY_REFUND', 99] })

    const verdict = await engineOf(script.model).decide(refundCase(), SKILL)

    const request = script.requests.at(-1)!
    expect(request.system.slice(1)).toEqual([ARBITER.text, expect.stringContaining('# Refund requests')])
    expect(request.user).toContain('"voter":"fraud"')
    expect(request.schema).toMatchObject({ properties: { action: { enum: ['DENY_REFUND', 'APPROVE_REFUND'] } } })
    expect(verdict).toMatchObject({ action: 'DENY_REFUND', reasoning: 'It is DENY_REFUND.', engine: 'ENSEMBLE' })
    expect(verdict.usage).toMatchObject({ inputTokens: 400 })
  })

  it('never have the confidence of a single vote, regardless of the arbiter', async () => {
    const script = createScript({ LETTER: DENY, CARE: APPROVE, FRAUD: DENY, ARBITER: ['DENY_REFUND', 99] })

    const { confidence, trace } = await engineOf(script.model).decide(refundCase(), SKILL)

    expect(confidence).toBe(57) // 60 of 100 at 95.
    expect(trace.at(-2)).toMatchObject({ name: 'arbiter', ok: true, output: { said: 99, confidence: 57 } })
  })

  it('have the confidence of the arbiter if that is lower', async () => {
    const script = createScript({ LETTER: DENY, CARE: APPROVE, FRAUD: DENY, ARBITER: ['APPROVE_REFUND', 20] })

    expect(await engineOf(script.model).decide(refundCase(), SKILL)).toMatchObject({
      action: 'APPROVE_REFUND',
      confidence: 20,
    })
  })

  it.for([
    ['cannot be reached', timeout(), 'timeout: too late'],
    ['chooses what nobody voted for', ['ESCALATE', 90] as Said, 'malformed: The arbiter chose what nobody voted for.'],
    ['talks instead of choosing', 'Well …', expect.stringContaining("malformed: The arbiter's answer is not usable")],
  ] as const)('go by weight where the arbiter %s', async ([, line, error]) => {
    const script = createScript({ LETTER: DENY, CARE: APPROVE, FRAUD: DENY, ARBITER: line })

    const verdict = await engineOf(script.model).decide(refundCase(), SKILL)

    expect(verdict).toMatchObject({ action: 'DENY_REFUND', confidence: 57, fallback: false })
    expect(verdict.trace.at(-2)).toMatchObject({ name: 'arbiter', ok: false, error })
    expect(verdict.usage).toMatchObject({ inputTokens: 400 })
  })

  it('hand the case to a person where they are divided evenly and no arbiter answers', async () => {
    const script = createScript({ LETTER: DENY, CARE: APPROVE, FRAUD: ['DENY_REFUND', 80], ARBITER: timeout() })

    const arbiter = { ...ARBITER, voters: ARBITER.voters.slice(0, 2), rulesWeight: 20 }

    expect(await engineOf(script.model, arbiter).decide(refundCase(), SKILL)).toMatchObject({
      action: 'ESCALATE',
      confidence: 0,
      policyApplied: 'refund-policy no majority',
      reasoning: 'The voters are divided evenly.',
    })
  })
})

describe('a voter that fails', () => {
  it('is missing, and the others decide', async () => {
    const script = createScript({ LETTER: timeout(), CARE: APPROVE, FRAUD: APPROVE })

    const verdict = await engineOf(script.model).decide(refundCase(), SKILL)

    expect(verdict).toMatchObject({ action: 'APPROVE_REFUND', confidence: 89, fallback: false, engine: 'ENSEMBLE' })
    expect(verdict.trace[1]).toMatchObject({
      name: 'vote',
      ok: false,
      error: 'timeout: too late',
      output: { voter: 'letter', weight: 40 },
    })
    expect(verdict.usage).toMatchObject({ inputTokens: 300, outputTokens: 20 })
  })

  it('may not leave less than half of the weight: then the rules decide', async () => {
    const script = createScript({ LETTER: timeout(), CARE: timeout(), FRAUD: APPROVE })

    const verdict = await engineOf(script.model).decide(refundCase(), SKILL)

    expect(verdict).toMatchObject({ action: 'APPROVE_REFUND', confidence: 88, fallback: true, engine: 'RULES' })
    expect(verdict.trace.map(({ name }) => name)).toEqual(['vote', 'vote', 'vote', 'vote', 'context', 'rules'])
    expect(verdict.usage).toMatchObject({ inputTokens: 300 })
  })

  it('leaves no ensemble where the rules alone remain, whatever they weigh', async () => {
    const script = createScript({ LETTER: timeout(), CARE: timeout(), FRAUD: '{}' })

    const verdict = await engineOf(script.model, { ...ARBITER, rulesWeight: 100 }).decide(refundCase(), SKILL)

    expect(verdict).toMatchObject({ fallback: true, engine: 'RULES' })
    expect(verdict.trace[3]).toMatchObject({
      ok: false,
      error: 'malformed: The model gave no usable opinion about any case.',
    })
  })
})
