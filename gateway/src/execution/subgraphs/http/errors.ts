/** The connection ended before the answer was complete. The code is that of Node for this failure. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
  readonly code = 'ECONNRESET'

  constructor() {
    super('The connection ended before the answer was complete.')
  }
}

/** The server sent something that is not an answer of HTTP/1.1, or is larger than allowed. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError'
}
