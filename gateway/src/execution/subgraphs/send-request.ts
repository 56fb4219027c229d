import type { Cancellation } from '../cancellation.ts'
import { Deadlines } from './deadlines.ts'
import { decodeBody } from './decode-body.ts'
import type { HttpAnswer } from './http/answer-reader.ts'
import type { HttpCall } from './http/connection.ts'
import type { ConnectionPool } from './http/connection-pool.ts'

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
  /** The head of the request up to the length of its body: request line and headers, each with its line end. */
  head: string
  body: string
  /** Its length in UTF-8, where it is known. */
  bodyBytes?: number
  timeoutMs: number
  cancellation: Cancellation
}>

/**
 * Sends a request and reads the answer, both in one piece: streams would cost more than the rest of the call.
 * @throws DeadlineError, CancelledError, or an error of the connection.
 */
export function sendRequest(pool: ConnectionPool, options: SendOptions): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const call = new Call(pool, options, resolve, reject)
    if (!call.isOver) pool.send(call)
  })
}

const deadlines = new Deadlines()

/** One request on its way, which ends once: answered, failed, cancelled or at its deadline. */
class Call implements HttpCall {
  isOver = false
  place = 0
  readonly text: string
  readonly isAscii: boolean
  readonly #pool: ConnectionPool
  readonly endsAt: number
  readonly #timeoutMs: number
  readonly #cancellation: Cancellation
  readonly #resolve: (answer: RawAnswer | Promise<RawAnswer>) => void
  readonly #reject: (error: Error) => void

  constructor(
    pool: ConnectionPool,
    { head, body, bodyBytes = Buffer.byteLength(body), timeoutMs, cancellation }: SendOptions,
    resolve: (answer: RawAnswer | Promise<RawAnswer>) => void,
    reject: (error: Error) => void,
  ) {
    this.text = `${head}content-length: ${bodyBytes}\r\n\r\n${body}`
    this.isAscii = bodyBytes === body.length
    this.#pool = pool
    this.#cancellation = cancellation
    this.#resolve = resolve
    this.#reject = reject
    this.#timeoutMs = timeoutMs
    this.endsAt = performance.now() + timeoutMs
    deadlines.add(this)
    cancellation.add(this.#cancel)
  }

  onAnswer({ head, body }: HttpAnswer): void {
    if (!this.#end()) return
    const { status, contentType, contentEncoding } = head
    if (contentEncoding === null) this.#resolve({ status, contentType, text: body.toString() })
    // A copy, because it is decoded later.
    else this.#resolve(decodeBody(Buffer.from(body), contentEncoding).then((text) => ({ status, contentType, text })))
  }

  onError(error: Error): void {
    if (this.#end()) this.#reject(error)
  }

  expire(): void {
    this.#abort(new DeadlineError(this.#timeoutMs))
  }

  readonly #cancel = (): void => this.#abort(new CancelledError())

  #abort(reason: Error): void {
    if (!this.#end()) return
    this.#pool.abort(this)
    this.#reject(reason)
  }

  /** False if it has ended before. */
  #end(): boolean {
    if (this.isOver) return false
    this.isOver = true
    deadlines.delete(this)
    this.#cancellation.remove(this.#cancel)
    return true
  }
}
