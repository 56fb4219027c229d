/** An answer did not come within its deadline. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'

  constructor(ms: number) {
    super(`No answer within ${ms} ms.`)
  }
}

/**
 * The outcome of `call`, or a rejection once `ms` are over. `call` itself goes on: use `withSignal` to abort it.
 * @param toError creates the error for a missed deadline; a TimeoutError by default.
 */
export function within<T>(ms: number, call: Promise<T>, toError: () => Error = () => new TimeoutError(ms)): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const expire = () => reject(toError())
  // Once more through the event loop: when this process itself was busy, the answer may have arrived and only waits to be read.
  const timer = setTimeout(() => setImmediate(expire), ms)
  // Not by `finally`, which creates three more promises.
  call.then(
    (value) => {
      clearTimeout(timer)
      resolve(value)
    },
    (error: unknown) => {
      clearTimeout(timer)
      reject(error)
    },
  )
  return promise
}

/** Like `within`, for a call that takes an AbortSignal: it is aborted at the deadline, and not waited for if it ignores that. */
export function withSignal<T>(
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
  toError: () => Error = () => new TimeoutError(ms),
): Promise<T> {
  const controller = new AbortController()
  return within(ms, run(controller.signal), () => {
    controller.abort()
    return toError()
  })
}

/** Whether `call` succeeds within `ms`. Never rejects. */
export function succeedsWithin(ms: number, call: Promise<unknown>): Promise<boolean> {
  return within(ms, call).then(
    () => true,
    () => false,
  )
}
