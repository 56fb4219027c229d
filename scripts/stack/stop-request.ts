const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** npm forwards a Ctrl-C that the terminal has sent to this process too. Two within this time are one request. */
const SAME_REQUEST_MS = 500
const PARENT_EVERY_MS = 1_000

export type StopRequests = Readonly<{
  /** Aborted by the first request to stop. */
  first: AbortSignal
  /** Aborted by a second request: do not wait for a clean stop. */
  second: AbortSignal
}>

/** Listens for signals, a closed stdout, and the end of npm. */
export function listenForStop(): StopRequests {
  const first = new AbortController()
  const second = new AbortController()
  let firstAtMs = 0
  const request = () => {
    if (!first.signal.aborted) {
      firstAtMs = Date.now()
      first.abort()
    } else if (Date.now() - firstAtMs > SAME_REQUEST_MS) second.abort()
  }
  for (const signal of SIGNALS) process.on(signal, request)
  // The reader of the output is gone, as in `npm start | head`.
  process.stdout.on('error', () => {
    if (!first.signal.aborted) request()
  })
  requestWhenNpmIsGone(request)
  return { first: first.signal, second: second.signal }
}

/** A killed npm cannot forward a signal, and this process would run for ever. */
function requestWhenNpmIsGone(request: () => void): void {
  if (process.env.npm_lifecycle_event !== 'start') return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    request()
  }, PARENT_EVERY_MS)
  watch.unref()
}
