import { Anthropic, NotFoundError } from '@anthropic-ai/sdk'
import { type Effort, type ModelPrices, readAnswer, toBody } from './claude.ts'
import { toModelError } from './claude-failure.ts'
import type { BatchedOutcome, MessageBatches } from './message-batches.ts'
import { ModelError } from './model.ts'

export type ClaudeBatchesOptions = Readonly<{
  apiKey: string
  /** The provider's own address where it is not given. */
  baseUrl?: string | null
  model: string
  effort: Effort
  /** Of calls one by one. */
  prices: ModelPrices
}>

/** The part of the price that a batch costs. */
const BATCH_PRICE = 0.5
const CALL_MS = 30_000
/** A thousand questions with their policies are megabytes. */
const SUBMIT_MS = 120_000
const RESULTS_MS = 300_000

/** Claude by the Message Batches API: one attempt per call, within a deadline, because the caller polls again anyway. */
export function createClaudeBatches({ apiKey, baseUrl = null, model, effort, prices }: ClaudeBatchesOptions) {
  const client = new Anthropic({ apiKey, baseURL: baseUrl, maxRetries: 0, openTelemetry: false, logLevel: 'off' })
  const { batches } = client.messages
  const halved = toHalf(prices)

  return {
    submit: (requests) =>
      translating(async () => {
        const wanted = requests.map(({ customId, request }) => ({
          custom_id: customId,
          params: toBody(request, { model, effort }),
        }))
        const { id } = await batches.create({ requests: wanted }, within(SUBMIT_MS))
        return id
      }),
    stateOf: (id) =>
      translating(async () => {
        const batch = await batches.retrieve(id, {}, within(CALL_MS)).catch(nullWhereNotFound)
        if (batch === null || batch.archived_at !== null) return 'gone'
        return batch.processing_status === 'ended' ? 'ended' : 'running'
      }),
    async *outcomesOf(id) {
      try {
        for await (const { custom_id: customId, result } of await batches.results(id, {}, within(RESULTS_MS))) {
          yield { customId, ...toOutcome(result, halved) }
        }
      } catch (error) {
        throw toModelError(error, { expired: false })
      }
    },
    cancel: (id) => translating(async () => void (await batches.cancel(id, {}, within(CALL_MS)))),
  } satisfies MessageBatches
}

/** The SDK's own `timeout` ends with the headers; the signal holds for the body, too. */
const within = (ms: number) => ({ timeout: ms, signal: AbortSignal.timeout(ms) })

const toHalf = ({ input, output, cacheWrite, cacheRead }: ModelPrices): ModelPrices => ({
  input: input * BATCH_PRICE,
  output: output * BATCH_PRICE,
  cacheWrite: cacheWrite * BATCH_PRICE,
  cacheRead: cacheRead * BATCH_PRICE,
})

/** The provider's own words may quote what it was sent, and would end in a log. */
async function translating<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toModelError(error, { expired: false })
  }
}

function nullWhereNotFound(error: unknown): null {
  if (error instanceof NotFoundError) return null
  throw error
}

type Result = Anthropic.Messages.MessageBatchResult

function toOutcome(result: Result, prices: ModelPrices): Omit<BatchedOutcome, 'customId'> {
  if (result.type === 'errored') return { answer: null, failure: `errored: ${result.error.error.type}` }
  if (result.type !== 'succeeded') return { answer: null, failure: result.type }
  try {
    return { answer: readAnswer(result.message, { prices, requestId: null }), failure: null }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return { answer: null, failure: `${error.failure}: ${error.message}` }
  }
}
