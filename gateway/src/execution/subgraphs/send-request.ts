import type { Pool } from 'undici'
import type { Cancellation } from '../cancellation.ts'

export type RawAnswer = Readonly<{ status: number; text: string }>

/** The subgraph was given the time that it may take, and did not answer. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'

  constructor(ms: number) {
    super(`No answer within ${Math.round(ms)} ms.`)
  }
}

/** Whoever asked has gone away. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError'

  constructor() {
    super('Nobody waits for the answer any more.')
  }
}

export type SendOptions = Readonly<{
  path: string
  /** Names and values by turns. */
  headers: string[]
  body: string
  timeoutMs: number
  /** Breaks the call off. */
  cancellation: Cancellation
}>

/**
 * Posts a body and reads the answer, both in one piece: streams would cost more than all the rest of the call.
 * @throws DeadlineError, GivenUpError, or what undici says about the connection.
 */
export function sendRequest(pool: Pool, options: SendOptions): Promise<RawAnswer> {
  const { path, headers, body, timeoutMs, cancellation } = options
  return new Promise((resolve, reject) => {
    let status = 0
    let chunks: Buffer | Buffer[] | null = null
    let abortConnection: ((reason: Error) => void) | null = null
    let isOver = false

    const end = (settle: () => void) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      cancellation.remove(giveUp)
      settle()
    }
    const abort = (reason: Error) =>
      end(() => {
        abortConnection?.(reason)
        reject(reason)
      })
    const timer = setTimeout(() => abort(new DeadlineError(timeoutMs)), timeoutMs)
    const giveUp = () => abort(new GivenUpError())
    cancellation.add(giveUp)
    if (isOver) return

    pool.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart(controller) {
          abortConnection = (reason) => controller.abort(reason)
          // It was given up while it waited for a connection.
          if (isOver) controller.abort(new GivenUpError())
        },
        onResponseStart(_controller, statusCode) {
          status = statusCode
        },
        onResponseData(_controller, chunk) {
          if (chunks === null) chunks = chunk
          else if (Array.isArray(chunks)) chunks.push(chunk)
          else chunks = [chunks, chunk]
        },
        onResponseEnd() {
          end(() => resolve({ status, text: textOf(chunks) }))
        },
        onResponseError(_controller, error) {
          end(() => reject(error))
        },
      },
    )
  })
}

function textOf(chunks: Buffer | Buffer[] | null): string {
  if (chunks === null) return ''
  return Array.isArray(chunks) ? Buffer.concat(chunks).toString() : chunks.toString()
}
