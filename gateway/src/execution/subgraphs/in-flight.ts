import { Cancellation } from '../cancellation.ts'
import { CancelledError } from './send-request.ts'

/** Starts a call that can be cancelled. */
export type Launch<Result> = (cancellation: Cancellation) => Promise<Result>

export type InFlight<Result> = Readonly<{
  /**
   * The result of the running call with this key, or of a new one. A call is cancelled when all who joined it have
   * been cancelled.
   * @throws CancelledError, and any error of the call.
   */
  join: (key: string, cancellation: Cancellation, launch: Launch<Result>) => Promise<Result>
}>

/** Shares one call among concurrent callers with the same key. Unlike a single flight, each may leave it. */
export function createInFlight<Result>(): InFlight<Result> {
  const flights = new Map<string, Flight<Result>>()
  const start = (key: string, launch: Launch<Result>): Flight<Result> => {
    const flight = new Flight<Result>(() => {
      if (flights.get(key) === flight) flights.delete(key)
    })
    flights.set(key, flight)
    flight.start(launch)
    return flight
  }
  return {
    join(key, cancellation, launch) {
      if (cancellation.isCancelled) return Promise.reject(new CancelledError())
      return (flights.get(key) ?? start(key, launch)).join(cancellation)
    },
  }
}

class Flight<Result> {
  readonly #cancellation = new Cancellation()
  #waiters: Waiter<Result>[] = []
  readonly #onEnd: () => void

  /** @param onEnd called when no other may join any more. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  start(launch: Launch<Result>): void {
    launch(this.#cancellation).then(
      (result) => {
        for (const waiter of this.#end()) waiter.resolve(result)
      },
      (error) => {
        for (const waiter of this.#end()) waiter.reject(error)
      },
    )
  }

  /**
   * Returns those who wait, and lets go of them: an outgrown table of the Map of flights may refer to this one until the
   * next collection of old objects, and with it to all that its waiters refer to.
   */
  #end(): readonly Waiter<Result>[] {
    const waiters = this.#waiters
    this.#waiters = []
    this.#onEnd()
    return waiters
  }

  join(cancellation: Cancellation): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiters.push(new Waiter(this, cancellation, resolve, reject))
    })
  }

  leave(waiter: Waiter<Result>): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
    if (this.#waiters.length > 0) return
    this.#onEnd()
    this.#cancellation.cancel()
  }
}

/** A caller that waits for the result of a flight, and leaves it when it is cancelled. */
class Waiter<Result> {
  readonly #flight: Flight<Result>
  readonly #cancellation: Cancellation
  readonly #resolve: (result: Result) => void
  readonly #reject: (error: unknown) => void

  constructor(
    flight: Flight<Result>,
    cancellation: Cancellation,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ) {
    this.#flight = flight
    this.#cancellation = cancellation
    this.#resolve = resolve
    this.#reject = reject
    cancellation.add(this.#leave)
  }

  resolve(result: Result): void {
    this.#cancellation.remove(this.#leave)
    this.#resolve(result)
  }

  reject(error: unknown): void {
    this.#cancellation.remove(this.#leave)
    this.#reject(error)
  }

  readonly #leave = (): void => {
    this.#flight.leave(this)
    this.#reject(new CancelledError())
  }
}
