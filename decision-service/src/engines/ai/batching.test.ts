import { describe, expect, it } from 'vitest'
import { readRefundPolicy, refundCase } from '../../../test/refund-policy.ts'
import { ModelError } from '../model/model.ts'
import type { Opinion } from './answer.ts'
import type { AskCases } from './ask-cases.ts'
import { type Asked, createBatching } from './batching.ts'
import { sumUsage } from './shared-usage.ts'

const SKILL = readRefundPolicy()
const USED = { inputTokens: 1001, outputTokens: 32, cacheReadTokens: 0, cacheWriteTokens: 7, costUsd: 0.0101 }
const PATIENT_MS = 60_000

const caseOf = (issueId: string, customerId = 'cust_1') =>
  refundCase({ issueId, customer: { ...refundCase().customer, id: customerId } })
const opinionAbout = (issueId: string): Opinion => ({
  action: 'APPROVE_REFUND',
  confidence: 90,
  reasoning: `About ${issueId}.`,
  policyApplied: '§3.2',
})

/** Answers all but those left out, and remembers what it was asked together. */
function createAsk(leftOut: readonly string[] = []) {
  const questions: string[][] = []
  const ask: AskCases = async (cases) => {
    const ids = cases.map(({ issueId }) => issueId)
    questions.push(ids)
    const answered = ids.filter((id) => !leftOut.includes(id))
    return {
      opinions: new Map(answered.map((id) => [id, opinionAbout(id)])),
      usage: USED,
      model: 'claude-test',
      steps: [],
    }
  }
  return { ask, questions }
}
const batch = (ask: AskCases, { casesMax = 3, waitMs = PATIENT_MS } = {}) => createBatching({ ask, casesMax, waitMs })
const failureOf = (call: Promise<Asked>) =>
  call.then(
    () => null,
    (error) => error as ModelError,
  )

describe('issues of one customer and one type', () => {
  it('are asked about in one call, and each has an answer of its own', async () => {
    const { ask, questions } = createAsk()
    const askOpinion = batch(ask)

    const asked = await Promise.all(['a', 'b', 'c'].map((id) => askOpinion(caseOf(id), SKILL)))

    expect(questions).toEqual([['a', 'b', 'c']])
    expect(asked.map(({ opinion }) => opinion.reasoning)).toEqual(['About a.', 'About b.', 'About c.'])
    expect(asked[0]?.steps).toMatchObject([{ name: 'decided together', output: { issueIds: ['a', 'b', 'c'] } }])
  })

  it('share exactly what the call used', async () => {
    const askOpinion = batch(createAsk().ask)

    const asked = await Promise.all(['a', 'b', 'c'].map((id) => askOpinion(caseOf(id), SKILL)))

    expect(asked.map(({ usage }) => usage.inputTokens)).toEqual([334, 334, 333])
    expect(sumUsage(asked.map(({ usage }) => usage))).toEqual(USED)
  })

  it('wait for others only so long', async () => {
    const { ask, questions } = createAsk()
    const askOpinion = batch(ask, { waitMs: 5 })

    const [one, other] = await Promise.all([askOpinion(caseOf('a'), SKILL), askOpinion(caseOf('b'), SKILL)])
    const late = await askOpinion(caseOf('c'), SKILL)

    expect(questions).toEqual([['a', 'b'], ['c']])
    expect([one.steps.length, other.steps.length, late.steps.length]).toEqual([1, 1, 0])
  })

  it('do not wait at all where one call is for one case', async () => {
    const { ask, questions } = createAsk()
    const askOpinion = batch(ask, { casesMax: 1 })

    await Promise.all(['a', 'b'].map((id) => askOpinion(caseOf(id), SKILL)))

    expect(questions).toEqual([['a'], ['b']])
  })

  it('are not mixed with another customer, another version of the policy, or themselves', async () => {
    const { ask, questions } = createAsk()
    const askOpinion = batch(ask, { casesMax: 2, waitMs: 5 })

    await Promise.all([
      askOpinion(caseOf('a'), SKILL),
      askOpinion(caseOf('b', 'cust_2'), SKILL),
      askOpinion(caseOf('c'), { ...SKILL, digest: 'e'.repeat(64) }),
      askOpinion(caseOf('a'), SKILL),
    ])

    expect(questions.sort()).toEqual([['a'], ['a'], ['b'], ['c']])
  })
})

describe('a case that the answer leaves out', () => {
  it('fails alone, and pays its part', async () => {
    const askOpinion = batch(createAsk(['b']).ask)

    const [a, b, c] = await Promise.allSettled(['a', 'b', 'c'].map((id) => askOpinion(caseOf(id), SKILL)))

    expect([a?.status, b?.status, c?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const { reason } = b as PromiseRejectedResult
    expect(reason).toMatchObject({ failure: 'malformed', usage: { inputTokens: 334 } })
  })
})

describe('a call that fails', () => {
  it('fails for all who waited, each with its part of what was paid and the time to wait', async () => {
    const askOpinion = batch(() =>
      Promise.reject(new ModelError('truncated', 'too long', { usage: USED, retryAfterMs: 700 })),
    )

    const failures = await Promise.all(['a', 'b', 'c'].map((id) => failureOf(askOpinion(caseOf(id), SKILL))))

    expect(failures).toMatchObject(Array(3).fill({ failure: 'truncated', message: 'too long', retryAfterMs: 700 }))
    expect(sumUsage(failures.map((failure) => failure!.usage))).toEqual(USED)
  })

  it('that is unexpected is passed on unchanged', async () => {
    const askOpinion = batch(() => Promise.reject(new TypeError('a mistake')), { casesMax: 1 })

    await expect(askOpinion(caseOf('a'), SKILL)).rejects.toThrow(TypeError)
  })
})

describe('a question whose attempts are over', () => {
  it('is ended when all of them are, and not before', async () => {
    const signals: AbortSignal[] = []
    const ask: AskCases = (_cases, _skill, { signal } = {}) => {
      signals.push(signal!)
      return new Promise(() => {})
    }
    const [first, second] = [new AbortController(), new AbortController()]
    const askOpinion = batch(ask, { casesMax: 2 })
    void askOpinion(caseOf('a'), SKILL, first.signal)
    void askOpinion(caseOf('b'), SKILL, second.signal)

    first.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    second.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})
