/** The stack cannot start or continue. The message is printed on the terminal. */
export class StackError extends Error {
  override readonly name = 'StackError'
  /** 78 (EX_CONFIG): a retry without a change of the configuration is pointless. */
  readonly exitCode: 1 | 78

  constructor(message: string, { exitCode = 1, ...options }: ErrorOptions & { exitCode?: 1 | 78 } = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}
