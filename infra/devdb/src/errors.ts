const CODE_NAMES = {
  2: 'BadValue',
  9: 'FailedToParse',
  14: 'TypeMismatch',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  27: 'IndexNotFound',
  28: 'PathNotViable',
  40: 'ConflictingUpdateOperators',
  43: 'CursorNotFound',
  54: 'NotSingleValueField',
  56: 'EmptyFieldName',
  59: 'CommandNotFound',
  66: 'ImmutableField',
  67: 'CannotCreateIndex',
  72: 'InvalidOptions',
  73: 'InvalidNamespace',
  85: 'IndexOptionsConflict',
  86: 'IndexKeySpecsConflict',
  91: 'ShutdownInProgress',
  96: 'OperationFailed',
  112: 'WriteConflict',
  171: 'CannotIndexParallelArrays',
  225: 'TransactionTooOld',
  238: 'NotImplemented',
  251: 'NoSuchTransaction',
  263: 'OperationNotSupportedInTransaction',
  291: 'NoQueryExecutionPlans',
  10334: 'BSONObjectTooLarge',
  11000: 'DuplicateKey',
  14031: 'OutOfDiskSpace',
  15958: 'Location15958',
  15956: 'Location15956',
  31249: 'Location31249',
  31250: 'Location31250',
  31253: 'Location31253',
  31254: 'Location31254',
  40323: 'Location40323',
  51024: 'Location51024',
  51091: 'Location51091',
} as const

export type ErrorCode = keyof typeof CODE_NAMES

/** A command failed; `code` is MongoDB's for this failure. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code: ErrorCode
  readonly labels: readonly string[]
  /** Further fields of the answer. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, { labels = [], facts = {} }: ErrorDetails = {}) {
    super(message)
    this.code = code
    this.labels = labels
    this.facts = facts
  }

  get codeName(): string {
    return CODE_NAMES[this.code]
  }
}

type ErrorDetails = Readonly<{ labels?: readonly string[]; facts?: Readonly<Record<string, unknown>> }>

/** Unsupported features are refused by name, never ignored. */
export function unsupported(what: string): CommandError {
  return new CommandError(238, `${what} is not supported by the development database.`)
}

/** The label makes the driver run the whole transaction again. */
export function writeConflict(): CommandError {
  return new CommandError(112, 'Write conflict with another transaction. Please retry.', {
    labels: ['TransientTransactionError'],
  })
}
