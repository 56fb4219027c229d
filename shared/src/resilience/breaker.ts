import CircuitBreaker from 'opossum'

const WINDOW_MS = 60_000

export type BreakerState = 'closed' | 'half open' | 'open'

export type Breaker = Readonly<{
  /** Runs `call`, or rejects at once while the breaker is open. */
  run: <Result>(call: () => Promise<Result>) => Promise<Result>
  state: () => BreakerState
  close: () => void
}>

export type BreakerOptions = Readonly<{
  /** Failures per minute that open the breaker. */
  failuresMax: number
  /** How long it stays open before one call is let through as a probe. */
  openMs: number
  /** Whether an error counts as a failure of the called service. */
  isFailure: (error: unknown) => boolean
  onChange: (state: BreakerState) => void
}>

type Call = () => Promise<unknown>

/**
 * Opens at a number of failures, however many calls succeed. opossum opens at a share of failures among the calls it
 * sees, so it is shown only failures and, unless closed, probes: the share is always 100 %, and its volume threshold is
 * the number.
 */
export function createBreaker({ failuresMax, openMs, isFailure, onChange }: BreakerOptions): Breaker {
  const circuit = new CircuitBreaker((call: Call) => call(), {
    timeout: false,
    volumeThreshold: failuresMax,
    errorThresholdPercentage: 50,
    rollingCountTimeout: WINDOW_MS,
    resetTimeout: openMs,
    enableSnapshots: false,
  })
  circuit.on('open', () => onChange('open'))
  circuit.on('halfOpen', () => onChange('half open'))
  circuit.on('close', () => onChange('closed'))

  return {
    run<Result>(call: () => Promise<Result>): Promise<Result> {
      if (!circuit.closed) return circuit.fire(call) as Promise<Result>
      return call().catch((error) => {
        if (isFailure(error)) circuit.fire(() => Promise.reject(error)).catch(() => {})
        throw error
      })
    },
    state: () => (circuit.closed ? 'closed' : circuit.halfOpen ? 'half open' : 'open'),
    close: () => circuit.shutdown(),
  }
}
