import { Anthropic } from '@anthropic-ai/sdk'
import { type } from 'arktype'
import type { TokenUsage } from '../../domain/decision.ts'
import { requireRunning } from '../errors.ts'
import { toModelError } from './claude-failure.ts'
import { type Model, type ModelAnswer, ModelError, type ModelRequest } from './model.ts'

/** USD per million tokens. Configuration, not facts: providers change them. */
export type ModelPrices = Readonly<{ input: number; output: number; cacheWrite: number; cacheRead: number }>

export type Effort = 'low' | 'medium' | 'high'

type Options = Readonly<{
  apiKey: string
  /** The provider's own address where it is not given. */
  baseUrl?: string | null
  model: string
  effort: Effort
  prices: ModelPrices
  /** The longest that one call may take, from the first byte sent to the last one read. */
  budgetMs: number
}>

/** The tokens of thinking count into the limit of the answer. Tokens that are not used cost nothing. */
const THINKING_TOKENS: Readonly<Record<Effort, number>> = { low: 1_000, medium: 4_000, high: 8_000 }
const MILLION = 1_000_000

const Tokens = type('number.integer >= 0')
/** The part of an answer that is read. What stands between us and the provider may answer anything. */
const Message = type({
  model: 'string',
  stop_reason: 'string | null',
  content: type({ type: 'string', 'text?': 'string' }).array(),
  usage: {
    input_tokens: Tokens,
    output_tokens: Tokens,
    'cache_creation_input_tokens?': Tokens.or('null'),
    'cache_read_input_tokens?': Tokens.or('null'),
  },
})
type Message = typeof Message.infer

/**
 * Claude by the Messages API: one attempt, no waiting and no second try in here. There is no temperature: the provider
 * refuses it, and sameness comes from the policy. Neither the key nor the question are ever logged.
 */
export function createClaudeModel(options: Options): Model {
  const { apiKey, baseUrl = null, model, effort, prices, budgetMs } = options
  const client = new Anthropic({
    apiKey,
    baseURL: baseUrl,
    maxRetries: 0,
    timeout: budgetMs,
    // Decisions have spans already; the SDK would add its own, and headers to the request.
    openTelemetry: false,
    logLevel: 'off',
  })

  return {
    async ask(request, withinMs = budgetMs, signal) {
      requireRunning(signal)
      const deadline = new AbortController()
      const end = () => deadline.abort()
      const timer = setTimeout(end, Math.min(withinMs, budgetMs))
      signal?.addEventListener('abort', end, { once: true })
      try {
        const body = toBody(request, { model, effort })
        const { data, request_id } = await client.messages.create(body, { signal: deadline.signal }).withResponse()
        return readAnswer(data, { prices, requestId: request_id ?? null })
      } catch (error) {
        requireRunning(signal)
        throw toModelError(error, { expired: deadline.signal.aborted })
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
      }
    },
  }
}

/** Also of a request in a batch. */
export function toBody(
  { system, user, schema, maxTokens }: ModelRequest,
  { model, effort }: { model: string; effort: Effort },
) {
  return {
    model,
    max_tokens: maxTokens + THINKING_TOKENS[effort],
    // A cache ends where it is marked, and holds all that stands before.
    system: system.map((text, index) => ({
      type: 'text' as const,
      text,
      ...(index === system.length - 1 && { cache_control: { type: 'ephemeral' as const } }),
    })),
    messages: [{ role: 'user' as const, content: user }],
    output_config: { effort, format: { type: 'json_schema' as const, schema } },
  }
}

type Reading = Readonly<{ prices: ModelPrices; requestId: string | null }>

/** @throws ModelError where the message is no usable answer. */
export function readAnswer(data: unknown, { prices, requestId }: Reading): ModelAnswer {
  const message = Message(data)
  if (message instanceof type.errors) {
    throw new ModelError('malformed', 'Claude answered with something that is no message.', { requestId })
  }
  const usage = toUsage(message.usage, prices)
  const problem = findProblem(message)
  if (problem !== null) {
    throw new ModelError(problem, `Claude stopped: ${message.stop_reason}.`, { usage, requestId })
  }
  const text = message.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('')
  return { text, usage, model: message.model, requestId }
}

function findProblem({ stop_reason }: Message) {
  if (stop_reason === 'end_turn') return null
  if (stop_reason === 'refusal') return 'refused'
  return stop_reason === 'max_tokens' || stop_reason === 'model_context_window_exceeded' ? 'truncated' : 'malformed'
}

function toUsage(used: Message['usage'], { input, output, cacheWrite, cacheRead }: ModelPrices): TokenUsage {
  const tokens = {
    inputTokens: used.input_tokens,
    outputTokens: used.output_tokens,
    cacheReadTokens: used.cache_read_input_tokens ?? 0,
    cacheWriteTokens: used.cache_creation_input_tokens ?? 0,
  }
  const cost =
    tokens.inputTokens * input +
    tokens.outputTokens * output +
    tokens.cacheReadTokens * cacheRead +
    tokens.cacheWriteTokens * cacheWrite
  // Dollars per million tokens are millionths of a dollar per token.
  return { ...tokens, costUsd: Math.ceil(cost) / MILLION }
}
