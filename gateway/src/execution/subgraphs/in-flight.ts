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

type Flight<Result> = Readonly<{ cancellation: Cancellation; result: Promise<Result> }> & { waiting: number }

/** Shares one call among concurrent callers with the same key. Unlike a single flight, each may leave it. */
export function createInFlight<Result>(): InFlight<Result> {
  const flights = new Map<string, Flight<Result>>()

  const start = (key: string, launch: Launch<Result>): Flight<Result> => {
    const cancellation = new Cancellation()
    const flight: Flight<Result> = { waiting: 0, cancellation, result: launch(cancellation) }
    flights.set(key, flight)
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    flight.result.then(land, land)
    return flight
  }

  return {
    join(key, cancellation, launch) {
      if (cancellation.isCancelled) return Promise.reject(new CancelledError())
      const flight = flights.get(key) ?? start(key, launch)
      flight.waiting++
      return new Promise((resolve, reject) => {
        const leave = () => {
          flight.waiting--
          if (flight.waiting === 0) {
            flights.delete(key)
            flight.cancellation.cancel()
          }
          reject(new CancelledError())
        }
        cancellation.add(leave)
        const settle =
          <Value>(pass: (value: Value) => void) =>
          (value: Value) => {
            cancellation.remove(leave)
            pass(value)
          }
        flight.result.then(settle(resolve), settle(reject))
      })
    },
  }
}
