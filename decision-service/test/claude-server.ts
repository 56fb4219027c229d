import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The body of a request to the Messages API, as far as tests look at it. */
export type ClaudeRequest = Readonly<{
  model: string
  max_tokens: number
  system: readonly Readonly<{ type: 'text'; text: string; cache_control?: Readonly<{ type: string }> }>[]
  messages: readonly Readonly<{ role: string; content: string }>[]
  output_config: Readonly<{ effort: string; format: Readonly<{ type: string; schema: Record<string, unknown> }> }>
}>

/** The fault of one request, instead of an answer. */
export type ClaudeFault =
  /** 200 with a text that is not JSON. */
  | 'malformed'
  /** 200, the text ends in the middle: `max_tokens`. */
  | 'truncated'
  | 'refusal'
  /** 400 */
  | 'invalid_request'
  /** 401 */
  | 'unauthenticated'
  /** 429 with `retry-after: 120` */
  | 'rate_limited'
  /** 500 */
  | 'server_error'
  /** 529 */
  | 'overloaded'
  /** Takes the request and says nothing, ever. */
  | 'hang'
  /** Headers at once, then a byte of the body every 20 ms, without an end. */
  | 'slow_drip'
  /** Ends the connection without an answer. */
  | 'reset'
  /** Ends the connection in the middle of the body. */
  | 'cut'
  /** 200 without a body. */
  | 'empty'
  /** 200 with a page, as a proxy in between gives it. */
  | 'html'

/** The text of the answer: an object is sent as JSON, a string as it is. */
export type Answer = (request: ClaudeRequest) => object | string | Promise<object | string>

export type ClaudeServer = Readonly<{
  url: string
  apiKey: string
  /** The bodies of all requests so far, failed ones as well. */
  requests: readonly ClaudeRequest[]
  /** The next requests go wrong like this, one after the other; a null among them goes well. */
  next: (...faults: readonly (ClaudeFault | null)[]) => void
  /** All requests go wrong like this until it is called again; null: they go well. */
  always: (fault: ClaudeFault | null) => void
  answerWith: (answer: Answer) => void
  /** Requests whose client is still connected. */
  pending: () => number
  close: () => Promise<void>
}>

/** The usage that each answer states. */
export const CLAUDE_USAGE = {
  input_tokens: 200,
  output_tokens: 100,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 3_000,
}

const API_KEY = 'sk-ant-test'
const ERRORS = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  unauthenticated: { status: 401, type: 'authentication_error' },
  rate_limited: { status: 429, type: 'rate_limit_error' },
  server_error: { status: 500, type: 'api_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
} as const

type Exchange = Readonly<{ id: string; body: ClaudeRequest; response: ServerResponse; answer: Answer }>
type Head = Readonly<{ id: string; status?: number; headers?: Readonly<Record<string, string>> }>

/** A server that behaves as Claude's Messages API does, well or badly. Listens on a free port of this machine. */
export async function startClaudeServer({ answer }: { answer: Answer }): Promise<ClaudeServer> {
  const requests: ClaudeRequest[] = []
  const script: (ClaudeFault | null)[] = []
  let standing: ClaudeFault | null = null
  let current = answer
  let served = 0
  let pending = 0

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const id = `req_${++served}`
    const problem = problemOf(request)
    if (problem !== null) return sendError(response, { id, ...problem })
    const body: ClaudeRequest = JSON.parse(await readText(request))
    requests.push(body)
    const fault = script.shift() ?? standing
    await (fault
      ? fail(fault, { id, body, response, answer: current })
      : succeed({ id, body, response, answer: current }))
  }
  const server = createServer((request, response) => {
    pending++
    response.once('close', () => pending--)
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: API_KEY,
    requests,
    next: (...faults) => void script.push(...faults),
    always: (fault) => {
      standing = fault
    },
    answerWith: (changed) => {
      current = changed
    },
    pending: () => pending,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function problemOf({ method, url, headers }: IncomingMessage) {
  if (method !== 'POST' || url !== '/v1/messages') return { status: 404, type: 'not_found_error' }
  if (headers.authorization !== `Bearer ${API_KEY}`) return { status: 401, type: 'authentication_error' }
  if (!headers['anthropic-version']) return { status: 400, type: 'invalid_request_error' }
  return null
}

async function succeed({ id, body, response, answer }: Exchange): Promise<void> {
  const answered = await answer(body)
  const text = typeof answered === 'string' ? answered : JSON.stringify(answered)
  sendMessage(response, { id, body, stop_reason: 'end_turn', text })
}

async function fail(fault: ClaudeFault, { id, body, response, answer }: Exchange): Promise<void> {
  switch (fault) {
    case 'malformed':
      return sendMessage(response, { id, body, stop_reason: 'end_turn', text: 'I would approve this one.' })
    case 'truncated': {
      const whole = JSON.stringify(await answer(body))
      return sendMessage(response, { id, body, stop_reason: 'max_tokens', text: whole.slice(0, whole.length / 2) })
    }
    case 'refusal':
      return sendMessage(response, { id, body, stop_reason: 'refusal', text: '' })
    case 'hang':
      return
    case 'slow_drip':
      return drip(response, id)
    case 'reset':
      return void response.socket?.resetAndDestroy()
    case 'cut':
      send(response, { id, headers: { 'content-length': '1000' } }).write('{"type":"message",')
      await sleep(5)
      return void response.socket?.resetAndDestroy()
    case 'empty':
      return void send(response, { id }).end()
    case 'html':
      return void send(response, { id, headers: { 'content-type': 'text/html' } }).end('<h1>Welcome</h1>')
    default: {
      const headers = fault === 'rate_limited' ? { 'retry-after': '120' } : {}
      return sendError(response, { id, ...ERRORS[fault], headers })
    }
  }
}

async function drip(response: ServerResponse, id: string): Promise<void> {
  send(response, { id })
  while (!response.destroyed) {
    response.write(' ')
    await sleep(20)
  }
}

type Message = Readonly<{ id: string; body: ClaudeRequest; stop_reason: string; text: string }>

function sendMessage(response: ServerResponse, { id, body, stop_reason, text }: Message): void {
  const content = text === '' ? [] : [{ type: 'text', text }]
  const { model } = body
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model, content }
  send(response, { id }).end(JSON.stringify({ ...message, stop_reason, stop_sequence: null, usage: CLAUDE_USAGE }))
}

function sendError(response: ServerResponse, { type, ...head }: Head & { type: string }): void {
  const error = { type, message: `What the provider says to ${type}.` }
  send(response, head).end(JSON.stringify({ type: 'error', error, request_id: head.id }))
}

function send(response: ServerResponse, { id, status = 200, headers = {} }: Head): ServerResponse {
  return response.writeHead(status, { 'content-type': 'application/json', 'request-id': id, ...headers })
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
