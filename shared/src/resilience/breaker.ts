import CircuitBreaker from 'opossum'

const WINDOW_MS = 60_000

export type BreakerState = 'closed' | 'half open' | 'open'

export type Breaker = Readonly<{
  /** Runs `call`, or rejects at once while the breaker is open. */
  run: <Result>(call: () => Promise<Result>) => Promise<Result>
  state: () => BreakerState
  /** Lets the next call through as a probe, before `openMs` are over. Does nothing unless the breaker is open. */
  probe: () => void
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
  const circuit = createCircuit(failuresMax, openMs)
  let mayProbe = false
  const change = (state: BreakerState) => {
    mayProbe = false
    onChange(state)
  }
  circuit.on('open', () => change('open'))
  circuit.on('halfOpen', () => change('half open'))
  circuit.on('close', () => change('closed'))
  const runProbe = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    mayProbe = false
    try {
      const result = await call()
      circuit.close()
      return result
    } catch (error) {
      if (!isFailure(error)) mayProbe = true
      else if (circuit.opened) onChange('open') // Another call may have closed it meanwhile.
      throw error
    }
  }
  return {
    run<Result>(call: () => Promise<Result>): Promise<Result> {
      if (mayProbe && circuit.opened) return runProbe(call)
      if (!circuit.closed) return circuit.fire(call) as Promise<Result>
      return call().catch((error) => {
        if (isFailure(error)) circuit.fire(() => Promise.reject(error)).catch(() => {})
        throw error
      })
    },
    state: () => (circuit.closed ? 'closed' : circuit.halfOpen || mayProbe ? 'half open' : 'open'),
    probe() {
      if (!circuit.opened || mayProbe) return
      mayProbe = true
      onChange('half open')
    },
    close: () => circuit.shutdown(),
  }
}

function createCircuit(failuresMax: number, openMs: number) {
  return new CircuitBreaker((call: Call) => call(), {
    timeout: false,
    volumeThreshold: failuresMax,
    errorThresholdPercentage: 50,
    rollingCountTimeout: WINDOW_MS,
    resetTimeout: openMs,
    enableSnapshots: false,
  })
}
