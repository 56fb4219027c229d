const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** npm hands a Ctrl-C on although the terminal has sent it to us, too: so soon, it is the same one. */
const SAME_REQUEST_MS = 500
const PARENT_EVERY_MS = 1_000

export type StopRequests = Readonly<{
  /** Aborted by the first request to stop. */
  first: AbortSignal
  /** Aborted by a second one: whoever asks twice does not want to wait. */
  second: AbortSignal
}>

/** Listens for everything that means that we are to stop. */
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
  // Nobody reads what we say any more, as in `npm start | head`.
  process.stdout.on('error', () => {
    if (!first.signal.aborted) request()
  })
  requestWhenNpmIsGone(request)
  return { first: first.signal, second: second.signal }
}

/** An npm that was killed could not hand the signal on, and nobody else would ever stop us. */
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
