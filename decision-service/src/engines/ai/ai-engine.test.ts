import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { refundCase } from '../../../test/refund-policy.ts'
import { openSkills } from '../../policies/files/skills-folder.ts'
import { AttemptOverError } from '../errors.ts'
import { type Model, type ModelAnswer, ModelError, type ModelFailure } from '../model/model.ts'
import { createAiEngine } from './ai-engine.ts'
import type { OnFailure } from './when-model-fails.ts'

const directory = new URL('../../../../skills', import.meta.url).pathname
const skills = await openSkills(directory, { pollMs: null })
const skill = skills.forType('REFUND_REQUEST')

const defective = refundCase()
const USAGE = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.001 }
const OPINION = {
  case: 'case-1',
  action: 'APPROVE_REFUND',
  confidence: 93,
  reasoning: 'It broke.',
  policyApplied: '§2.1',
}
const answer = (text: string): ModelAnswer => ({ text, usage: USAGE, model: 'claude-sonnet-5-5', requestId: 'req_1' })
const failure = (name: ModelFailure, facts: ConstructorParameters<typeof ModelError>[2] = {}) =>
  new ModelError(name, name, facts)

/** A model that says one thing after the other, the last one for ever. */
const modelThatSays = (...said: readonly (ModelAnswer | ModelError)[]) => {
  let asked = 0
  const model: Model = {
    async ask() {
      const next = said[Math.min(asked++, said.length - 1)]!
      if (next instanceof Error) throw next
      return next
    },
  }
  return { model, asked: () => asked }
}
const pause = () => Promise.resolve()
const decide = (model: Model, onFailure: OnFailure = 'fallback', decisionCase = defective) => {
  const lines: Record<string, unknown>[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const verdict = createAiEngine({ model, budgetMs: 5_000, pause, onFailure, logger }).decide(decisionCase, skill)
  return { verdict: Promise.resolve(verdict), lines }
}
const good = answer(JSON.stringify({ opinions: [OPINION] }))
const stepsOf = (trace: readonly { name: string; ok: boolean; error: string | null }[]) =>
  trace.map(({ name, ok, error }) => (ok ? name : `${name}: ${error}`))

describe('the AI engine', () => {
  it('gives the verdict of the model, instructed by the policy', async () => {
    const verdict = await decide(modelThatSays(good).model).verdict

    expect(verdict).toMatchObject({
      action: 'APPROVE_REFUND',
      confidence: 93,
      reasoning: 'It broke.',
      policyApplied: expect.stringMatching(/^refund-policy §2\.1/),
      policy: { skill: 'refund-policy', version: skill.version, digest: skill.digest },
      engine: 'AI',
      fallback: false,
      model: 'claude-sonnet-5-5',
      usage: USAGE,
    })
    expect(stepsOf(verdict.trace)).toEqual(['context', 'model', 'guard'])
    expect(verdict.trace[1]).toMatchObject({ attempt: 1, output: { requestId: 'req_1', usage: USAGE } })
  })

  it('does not let the rules decide when its attempt is over', async () => {
    const model: Model = { ask: async () => Promise.reject(new AttemptOverError()) }

    await expect(decide(model).verdict).rejects.toThrow(AttemptOverError)
  })

  it('keeps what the customer wrote out of the trace', async () => {
    const verdict = await decide(modelThatSays(good).model, 'fallback', { ...defective, message: 'SECRET-TEXT' })
      .verdict

    expect(JSON.stringify(verdict.trace)).not.toContain('SECRET-TEXT')
  })

  it('retries a temporary failure once, and traces both attempts', async () => {
    const { model, asked } = modelThatSays(failure('overloaded'), good)

    const verdict = await decide(model).verdict

    expect([verdict.engine, asked()]).toEqual(['AI', 2])
    expect(stepsOf(verdict.trace)).toEqual(['context', 'model: overloaded', 'model', 'guard'])
    expect(verdict.trace.map(({ attempt }) => attempt)).toEqual([1, 1, 2, 1])
  })

  it('does not ask a third time', async () => {
    const { model, asked } = modelThatSays(failure('server_error'))

    const verdict = await decide(model).verdict

    expect([verdict.fallback, asked()]).toEqual([true, 2])
  })

  it('reports the first failure when there was no capacity to retry', async () => {
    const { model } = modelThatSays(failure('connection'), failure('busy'))

    const { verdict, lines } = decide(model)

    expect(stepsOf((await verdict).trace)).toEqual(['model: connection', 'model: busy', 'context', 'rules'])
    expect(lines).toMatchObject([{ failure: 'connection' }])
  })
})

describe('a model that fails', () => {
  it.for<ModelFailure>([
    'timeout',
    'rate_limited',
    'invalid_request',
    'unauthenticated',
    'refused',
    'truncated',
    'malformed',
    'breaker_open',
    'budget_exhausted',
  ])('by %s leaves the case to the rules after one attempt, marked and logged', async (name) => {
    const { model, asked } = modelThatSays(failure(name, { usage: name === 'refused' ? USAGE : null }))

    const { verdict, lines } = decide(model)

    expect(await verdict).toMatchObject({
      action: 'APPROVE_REFUND',
      engine: 'RULES',
      fallback: true,
      model: null,
      usage: name === 'refused' ? USAGE : null,
    })
    expect(stepsOf((await verdict).trace)).toEqual([`model: ${name}`, 'context', 'rules'])
    expect(asked()).toBe(1)
    expect(lines).toMatchObject([
      { level: 40, issueId: 'iss_1', failure: name, msg: 'AI decision engine failed, falling back to rules' },
    ])
  })

  it('with an unusable answer leaves the case to the rules, and its cost is counted', async () => {
    const verdict = await decide(modelThatSays(answer('I would approve this one.')).model).verdict

    expect(verdict).toMatchObject({ engine: 'RULES', fallback: true, usage: USAGE })
    expect(stepsOf(verdict.trace)).toEqual(['model', 'answer: malformed', 'context', 'rules'])
  })

  it.for<ModelFailure>(['timeout', 'breaker_open', 'unauthenticated', 'budget_exhausted'])(
    'by %s holds the case where that is wanted, with the verdict that holds in the end',
    async (name) => {
      const { verdict } = decide(modelThatSays(failure(name, { retryAfterMs: 30_000 })).model, 'hold')

      await expect(verdict).rejects.toMatchObject({
        name: 'HoldDecisionError',
        code: 'AI_UNAVAILABLE',
        failure: name,
        retryAfterMs: 30_000,
        otherwise: { engine: 'RULES', fallback: true },
      })
    },
  )

  it.for<ModelFailure>(['refused', 'truncated', 'malformed', 'invalid_request'])(
    'by %s holds nobody: the case would fail in the same way later',
    async (name) => {
      expect(await decide(modelThatSays(failure(name)).model, 'hold').verdict).toMatchObject({ fallback: true })
    },
  )

  it('fails the attempt if so configured', async () => {
    const { verdict } = decide(modelThatSays(failure('timeout')).model, 'fail')

    await expect(verdict).rejects.toMatchObject({ name: 'AiUnavailableError', code: 'AI_UNAVAILABLE' })
  })

  it.for<[OnFailure, unknown]>([
    ['fallback', { fallback: true }],
    ['hold', { fallback: true }],
    ['fail', null],
  ])('to have room does not count as failed (%s): the case waits for its turn', async ([onFailure, otherwise]) => {
    const { verdict } = decide(modelThatSays(failure('busy', { retryAfterMs: 4_000 })).model, onFailure)

    await expect(verdict).rejects.toMatchObject({ name: 'HoldDecisionError', failure: 'busy', retryAfterMs: 4_000 })
    const held: unknown = await verdict.catch((error: unknown) => error)
    expect(held).toHaveProperty('otherwise', otherwise === null ? null : expect.objectContaining(otherwise))
  })
})
