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

type Waiter<Result> = Readonly<{ resolve: (result: Result) => void; reject: (error: unknown) => void }>

class Flight<Result> {
  readonly #cancellation = new Cancellation()
  readonly #waiters = new Set<Waiter<Result>>()
  readonly #onEnd: () => void

  /** @param onEnd called when no other may join any more. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  start(launch: Launch<Result>): void {
    launch(this.#cancellation).then(
      (result) => {
        this.#onEnd()
        for (const { resolve } of this.#waiters) resolve(result)
      },
      (error) => {
        this.#onEnd()
        for (const { reject } of this.#waiters) reject(error)
      },
    )
  }

  join(cancellation: Cancellation): Promise<Result> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#leave(waiter)
        reject(new CancelledError())
      }
      const waiter: Waiter<Result> = {
        resolve(result) {
          cancellation.remove(leave)
          resolve(result)
        },
        reject(error) {
          cancellation.remove(leave)
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      cancellation.add(leave)
    })
  }

  #leave(waiter: Waiter<Result>): void {
    this.#waiters.delete(waiter)
    if (this.#waiters.size > 0) return
    this.#onEnd()
    this.#cancellation.cancel()
  }
}
