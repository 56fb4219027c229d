import { Cancellation } from '../cancellation.ts'
import { GivenUpError } from './send-request.ts'

/** Starts a call, which is broken off when it is cancelled. */
export type Launch<Result> = (cancellation: Cancellation) => Promise<Result>

export type InFlight<Result> = Readonly<{
  /**
   * The result of the call with this key that is already on its way, or else of a new one. A call is broken off when
   * the last who waits for it has gone.
   * @throws GivenUpError when cancelled, and whatever the call throws.
   */
  join: (key: string, cancellation: Cancellation, launch: Launch<Result>) => Promise<Result>
}>

type Flight<Result> = Readonly<{ cancellation: Cancellation; result: Promise<Result> }> & { waiting: number }

/** Lets callers who ask the same at the same time share one call. */
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
      if (cancellation.isCancelled) return Promise.reject(new GivenUpError())
      const flight = flights.get(key) ?? start(key, launch)
      flight.waiting++
      return new Promise((resolve, reject) => {
        const leave = () => {
          flight.waiting--
          if (flight.waiting === 0) {
            flights.delete(key)
            flight.cancellation.cancel()
          }
          reject(new GivenUpError())
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
