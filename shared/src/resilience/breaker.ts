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
  /** So many within a minute open it … */
  failuresMax: number
  /** … for so long; then one call is let through to see. */
  openMs: number
  /** Whether an error is the fault of what was called. */
  isFailure: (error: unknown) => boolean
  onChange: (state: BreakerState) => void
}>

type Call = () => Promise<unknown>

/**
 * opossum opens by the share of failures among the calls it has seen. It is shown only the failures and, while it is
 * not closed, the probes: so its share is always all, and the volume threshold is the number of failures that opens it,
 * however much succeeds beside them.
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
