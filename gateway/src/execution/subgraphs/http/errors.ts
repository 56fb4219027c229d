/** The connection ended before the answer was complete. The code is that of Node for this failure. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
  readonly code = 'ECONNRESET'

  constructor() {
    super('The connection ended before the answer was complete.')
  }
}

/** The connection was not open in time: nothing was sent. The code is that of Node for this failure. */
export class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError'
  readonly code = 'ETIMEDOUT'

  constructor(ms: number) {
    super(`No connection within ${ms} ms.`)
  }
}

/** The server sent something that is not an answer of HTTP/1.1, or is larger than allowed. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError'
}
