export type Deadline = Disposable & Readonly<{ signal: AbortSignal }>

/**
 * Aborts after `ms`, or when `parent` does. Dispose it when the work is done: `AbortSignal.any` with
 * `AbortSignal.timeout` would keep each request in memory until its timeout.
 */
export function startDeadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, ms)
  if (parent.aborted) abort()
  else parent.addEventListener('abort', abort, { once: true })

  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      parent.removeEventListener('abort', abort)
    },
  }
}
