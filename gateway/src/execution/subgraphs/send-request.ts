import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher, Pool } from 'undici'
import type { Cancellation } from '../cancellation.ts'
import { decodeBody } from './decode-body.ts'

/** `contentType` is empty where the subgraph sends none. */
export type RawAnswer = Readonly<{ status: number; contentType: string; text: string }>

/** The subgraph did not answer within its deadline. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'

  constructor(ms: number) {
    super(`No answer within ${Math.round(ms)} ms.`)
  }
}

/** The call was cancelled because the client has gone. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'

  constructor() {
    super('The answer is not needed any more.')
  }
}

export type SendOptions = Readonly<{
  path: string
  /** Names and values, alternating. */
  headers: string[]
  body: string
  timeoutMs: number
  cancellation: Cancellation
}>

/**
 * Posts a body and reads the answer, both in one piece: streams would cost more than the rest of the call.
 * @throws DeadlineError, CancelledError, or an error of the connection from undici.
 */
export function sendRequest(pool: Pool, options: SendOptions): Promise<RawAnswer> {
  const { path, headers, body } = options
  return new Promise((resolve, reject) => {
    const call = new Call(options, resolve, reject)
    if (!call.isOver) pool.dispatch({ method: 'POST', path, headers, body }, call)
  })
}

/** One request on its way, which ends once: answered, failed, cancelled or at its deadline. */
class Call implements Dispatcher.DispatchHandler {
  isOver = false
  #status = 0
  #headers: IncomingHttpHeaders | null = null
  #chunks: Buffer | Buffer[] | null = null
  #controller: Dispatcher.DispatchController | null = null
  readonly #timer: NodeJS.Timeout
  readonly #cancellation: Cancellation
  readonly #resolve: (answer: RawAnswer | Promise<RawAnswer>) => void
  readonly #reject: (error: Error) => void

  constructor(
    { timeoutMs, cancellation }: SendOptions,
    resolve: (answer: RawAnswer | Promise<RawAnswer>) => void,
    reject: (error: Error) => void,
  ) {
    this.#cancellation = cancellation
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#abort(new DeadlineError(timeoutMs)), timeoutMs)
    cancellation.add(this.#cancel)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It may have ended while it waited for a connection.
    if (this.isOver) controller.abort(new CancelledError())
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    this.#status = statusCode
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#chunks === null) this.#chunks = chunk
    else if (Array.isArray(this.#chunks)) this.#chunks.push(chunk)
    else this.#chunks = [this.#chunks, chunk]
  }

  onResponseEnd(): void {
    if (!this.#end()) return
    const head = { status: this.#status, contentType: this.#headers?.['content-type'] ?? '' }
    const body = bodyOf(this.#chunks)
    const encoding = this.#headers?.['content-encoding']
    if (encoding === undefined) this.#resolve({ ...head, text: body.toString() })
    else this.#resolve(decodeBody(body, encoding).then((text) => ({ ...head, text })))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#end()) this.#reject(error)
  }

  readonly #cancel = (): void => this.#abort(new CancelledError())

  #abort(reason: Error): void {
    if (!this.#end()) return
    this.#controller?.abort(reason)
    this.#reject(reason)
  }

  /** False if it has ended before. */
  #end(): boolean {
    if (this.isOver) return false
    this.isOver = true
    clearTimeout(this.#timer)
    this.#cancellation.remove(this.#cancel)
    return true
  }
}

const EMPTY = Buffer.alloc(0)

function bodyOf(chunks: Buffer | Buffer[] | null): Buffer {
  return Array.isArray(chunks) ? Buffer.concat(chunks) : (chunks ?? EMPTY)
}
