import type { IncomingMessage, ServerResponse } from 'node:http'
import { startHttpServer } from '@redress/shared/process/http.ts'

export type SentRequest = Readonly<{
  custom_id: string
  params: { model: string; max_tokens: number; system: { text: string; cache_control?: object }[] }
}>
export type SentBatch = Readonly<{ id: string; requests: readonly SentRequest[] }>
type Result = Readonly<{ type: string } & Record<string, unknown>>

const USAGE = {
  input_tokens: 1000,
  output_tokens: 100,
  cache_read_input_tokens: 40,
  cache_creation_input_tokens: 20,
}

/** The result of a request that succeeds with `text`. */
export function succeeded(text: string, stopReason = 'end_turn'): Result {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-test', stop_reason: stopReason }
  return { type: 'succeeded', message: { ...message, content: [{ type: 'text', text }], usage: USAGE } }
}
export const errored: Result = {
  type: 'errored',
  error: { type: 'error', error: { type: 'invalid_request_error', message: 'no' }, request_id: 'req_1' },
}

/** Answers as the Message Batches API does; what happens to a batch is said by the test. */
export async function startClaudeBatches() {
  const batches: (SentBatch & { results: ReadonlyMap<string, Result> | null; cancelled: boolean })[] = []
  /** Set to have the next call answered with this status, or broken off in the middle (`cut`). */
  const faults: (number | 'cut')[] = []

  const server = await startHttpServer((request, response) => void answer(request, response), {
    port: 0,
    host: '127.0.0.1',
  })
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const [, , , , id, what] = (request.url ?? '').split('/')
    const body = await readAll(request)
    const fault = faults[0]
    if (typeof fault === 'number') {
      faults.shift()
      return send(response, fault, { type: 'error', error: { type: 'api_error', message: 'a fault' } })
    }
    if (request.headers.authorization !== 'Bearer test-key') return send(response, 401, {})
    if (request.method === 'POST' && id === undefined) {
      const { requests } = JSON.parse(body) as { requests: SentRequest[] }
      batches.push({ id: `msgbatch_${batches.length + 1}`, requests, results: null, cancelled: false })
      return send(response, 200, toBatch(batches.at(-1)!))
    }
    const batch = batches.find((one) => one.id === id)
    if (!batch) return send(response, 404, { type: 'error', error: { type: 'not_found_error', message: 'gone' } })
    if (what === 'cancel') batch.cancelled = true
    if (what !== 'results') return send(response, 200, toBatch(batch))
    const lines = [...batch.results!]
      .reverse()
      .map(([custom_id, result]) => `${JSON.stringify({ custom_id, result })}\n`)
    response.writeHead(200, { 'content-type': 'application/binary' })
    if (fault !== 'cut') return void response.end(lines.join(''))
    faults.shift()
    response.write(lines[0], () => response.destroy())
  }
  const toBatch = ({ id, requests, results, cancelled }: (typeof batches)[number]) => ({
    id,
    type: 'message_batch',
    processing_status: results ? 'ended' : cancelled ? 'canceling' : 'in_progress',
    request_counts: { processing: requests.length, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    results_url: results ? `${server.url}/v1/messages/batches/${id}/results` : null,
    created_at: '2030-06-15T12:00:00Z',
    expires_at: '2030-06-16T12:00:00Z',
    ended_at: results ? '2030-06-15T13:00:00Z' : null,
    cancel_initiated_at: null,
    archived_at: null,
  })

  return {
    url: server.url,
    batches,
    faults,
    /** Ends a batch: each request comes to what `resultOf` says, or is missing in the results. */
    end(id: string, resultOf: (request: SentRequest, index: number) => Result | null) {
      const batch = batches.find((one) => one.id === id)!
      const results = batch.requests.map((request, index) => [request.custom_id, resultOf(request, index)] as const)
      batch.results = new Map(results.filter((entry): entry is [string, Result] => entry[1] !== null))
    },
    forget: (id: string) =>
      batches.splice(
        batches.findIndex((one) => one.id === id),
        1,
      ),
    close: () => server.close(),
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
