/** The stack cannot start or go on; the message is for the person in front of the terminal. */
export class StackError extends Error {
  override readonly name = 'StackError'
  /** What the process ends with: 78 says that trying again without a change is pointless. */
  readonly exitCode: 1 | 78

  constructor(message: string, { exitCode = 1, ...options }: ErrorOptions & { exitCode?: 1 | 78 } = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}
