import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type ClaudeFault, startClaudeServer } from '../../../test/claude-server.ts'
import { AttemptOverError } from '../errors.ts'
import { createClaudeModel } from './claude.ts'
import { ModelError, type ModelFailure, type ModelRequest } from './model.ts'

const server = await startClaudeServer({ answer: () => ({ opinion: 'fine' }) })
afterAll(() => server.close())
afterEach(() => server.always(null))

/** Later than the end of any test: a deadline that comes before it is the one that was given with the question. */
const BUDGET_MS = 600_000
const options = {
  apiKey: server.apiKey,
  baseUrl: server.url,
  model: 'claude-sonnet-5-5',
  effort: 'low' as const,
  prices: { input: 3, output: 15, cacheWrite: 3.75, cacheRead: 0.3 },
  budgetMs: BUDGET_MS,
}
const claude = createClaudeModel(options)
const QUESTION: ModelRequest = {
  system: ['The frame.', 'The policy.'],
  user: 'The case.',
  schema: { type: 'object', properties: {}, additionalProperties: false },
  maxTokens: 500,
}
const failureOf = async (asking: Promise<unknown>): Promise<ModelError> => {
  const error = await asking.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ModelError)
  return error as ModelError
}
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

describe('Claude', () => {
  it('is asked with the policy to be cached, a schema for the answer, an effort and no temperature', async () => {
    await claude.ask(QUESTION)

    expect(server.requests.at(-1)).toEqual({
      model: 'claude-sonnet-5-5',
      max_tokens: 1_500,
      system: [
        { type: 'text', text: 'The frame.' },
        { type: 'text', text: 'The policy.', cache_control: { type: 'ephemeral' } },
      ],
      messages: [{ role: 'user', content: 'The case.' }],
      output_config: { effort: 'low', format: { type: 'json_schema', schema: QUESTION.schema } },
    })
  })

  it('answers with a text, its usage and its cost', async () => {
    const { text, usage, model, requestId } = await claude.ask(QUESTION)

    expect(JSON.parse(text)).toEqual({ opinion: 'fine' })
    expect([model, requestId]).toEqual(['claude-sonnet-5-5', expect.stringMatching(/^req_/)])
    // 200 x 3 + 100 x 15 + 3000 x 0.3 millionths.
    expect(usage).toEqual({
      inputTokens: 200,
      outputTokens: 100,
      cacheReadTokens: 3_000,
      cacheWriteTokens: 0,
      costUsd: 0.003,
    })
  })

  it.for<[ClaudeFault, ModelFailure]>([
    ['invalid_request', 'invalid_request'],
    ['unauthenticated', 'unauthenticated'],
    ['server_error', 'server_error'],
    ['overloaded', 'overloaded'],
    ['reset', 'connection'],
    ['cut', 'connection'],
    ['empty', 'malformed'],
    ['html', 'malformed'],
  ])('that fails by %s gives the failure %s, after one request', async ([fault, failure]) => {
    server.always(fault)
    const before = server.requests.length

    const error = await failureOf(claude.ask(QUESTION))

    expect([error.failure, error.usage, server.requests.length - before]).toEqual([failure, null, 1])
  })

  it.for<[ClaudeFault, ModelFailure]>([
    ['refusal', 'refused'],
    ['truncated', 'truncated'],
  ])('that ends by %s gives the failure %s, and was paid for', async ([fault, failure]) => {
    server.next(fault)

    const error = await failureOf(claude.ask(QUESTION))

    expect([error.failure, error.usage?.costUsd]).toEqual([failure, 0.003])
  })

  it('that limits the rate says when to retry, and the client does not wait for it', async () => {
    server.always('rate_limited')
    const before = server.requests.length

    const error = await failureOf(claude.ask(QUESTION))

    expect([error.failure, error.retryAfterMs]).toEqual(['rate_limited', 120_000])
    expect(server.requests.length - before).toBe(1)
  })

  it.for<ClaudeFault>(['hang', 'slow_drip'])(
    'that does not come to an end (%s) is left at the deadline',
    async (fault) => {
      server.always(fault)

      const error = await failureOf(claude.ask(QUESTION, 50))

      expect(error.failure).toBe('timeout')
      await expect.poll(server.pending).toBe(0)
    },
  )

  it('that is not there is a failed connection', async () => {
    const gone = createServer().listen(0)
    const { port } = gone.address() as AddressInfo
    await new Promise((resolve) => gone.close(resolve))

    const error = await failureOf(createClaudeModel({ ...options, baseUrl: `http://127.0.0.1:${port}` }).ask(QUESTION))

    expect(error.failure).toBe('connection')
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('that refuses the key never makes the key, or the question, a part of the message', async () => {
    const wrong = createClaudeModel({ ...options, apiKey: 'sk-ant-wrong' })

    const error = await failureOf(wrong.ask(QUESTION))

    expect(error.failure).toBe('unauthenticated')
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/sk-ant|The case|The policy/)
  })

  it('is asked no more once the attempt is over, which is no failure of it', async () => {
    await expect.poll(server.pending).toBe(0)

    for (const fault of ['hang', 'slow_drip'] as const) {
      server.always(fault)
      const attempt = new AbortController()
      const asking = claude.ask(QUESTION, undefined, attempt.signal)
      await expect.poll(server.pending).toBe(1)
      attempt.abort()

      await expect(asking).rejects.toThrow(AttemptOverError)
      await expect.poll(server.pending).toBe(0)
      await expect(claude.ask(QUESTION, undefined, attempt.signal)).rejects.toThrow(AttemptOverError)
    }
  })

  it('leaves neither a timer nor a request behind when it was left at the deadline', async () => {
    await expect.poll(server.pending).toBe(0)
    const before = timers()

    for (const fault of ['hang', 'slow_drip'] as const) {
      server.always(fault)
      await failureOf(claude.ask(QUESTION, 40))
    }

    await expect.poll(server.pending).toBe(0)
    // One is the poll's own.
    await expect.poll(timers).toBeLessThanOrEqual(before + 1)
  })
})
