import { MINUTE_MS } from '../../time.ts'
import { PositionMovedError } from './group-store.ts'
import type { Delivery } from './stream-reader.ts'

/** One transaction: applies what can be applied, and moves the positions behind all of the deliveries. */
export type Commit = (deliveries: readonly Delivery[]) => Promise<void>

type Dependencies = Readonly<{
  commit: Commit
  /** One transaction: stores a delivery that cannot be applied, and moves the position behind it. */
  setAside: (delivery: Delivery, reason: string) => Promise<void>
  /** Whether an error is probably no fault of the events, so that the same commit may succeed later. */
  isTransient: (error: unknown) => boolean
  hold: Hold
}>

/** How long errors that may pass hold a batch. When they last longer, one of its events is probably their cause. */
const HOLD_MS = MINUTE_MS

export type Hold = Readonly<{
  /** Notes a failure; false once failures have gone on for too long. */
  lasts: () => boolean
  end: () => void
}>

export function createHold(monotonicMs: () => number): Hold {
  let sinceMs: number | null = null
  return {
    lasts() {
      sinceMs ??= monotonicMs()
      return monotonicMs() - sinceMs < HOLD_MS
    },
    end() {
      sinceMs = null
    },
  }
}

/**
 * Commits deliveries together, and where that fails, in halves: what cannot be applied is set aside alone after at most
 * log2(n) steps, and all others are applied, in their order. An error that may pass holds them for a while first. If the
 * database itself is the cause, nothing is set aside: that would be a write to it, too.
 * @throws whatever is transient; the deliveries before it are settled then.
 */
export function createSettle({ commit, setAside, isTransient, hold }: Dependencies) {
  const settleSome = async (deliveries: readonly Delivery[]): Promise<void> => {
    const [first] = deliveries
    if (first === undefined) return
    try {
      await commit(deliveries)
    } catch (error) {
      const isOvertaken = error instanceof PositionMovedError
      if (isOvertaken || (isTransient(error) && hold.lasts())) throw error
      if (deliveries.length === 1) return setAside(first, String(error))
      const middle = Math.ceil(deliveries.length / 2)
      await settleSome(deliveries.slice(0, middle))
      await settleSome(deliveries.slice(middle))
    }
  }
  return async (deliveries: readonly Delivery[]): Promise<void> => {
    await settleSome(deliveries)
    if (deliveries.length > 0) hold.end()
  }
}
