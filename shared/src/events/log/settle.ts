import type { Delivery } from './stream-reader.ts'

/** One transaction: applies what can be applied, and moves the positions behind all of the deliveries. */
export type Commit = (deliveries: readonly Delivery[]) => Promise<void>

type Dependencies = Readonly<{
  commit: Commit
  /** One transaction: stores a delivery that cannot be applied, and moves the position behind it. */
  setAside: (delivery: Delivery, reason: string) => Promise<void>
  /** Whether an error is no fault of the events, so that the same commit may succeed later. */
  isTransient: (error: unknown) => boolean
}>

/**
 * Commits deliveries together, and where that fails, in halves: what cannot be applied is set aside alone after at most
 * log2(n) steps, and all others are applied, in their order.
 * @throws whatever is transient; the deliveries before it are settled then.
 */
export function createSettle({ commit, setAside, isTransient }: Dependencies) {
  return async function settle(deliveries: readonly Delivery[]): Promise<void> {
    const [first] = deliveries
    if (first === undefined) return
    try {
      await commit(deliveries)
    } catch (error) {
      if (isTransient(error)) throw error
      if (deliveries.length === 1) return setAside(first, String(error))
      const middle = Math.ceil(deliveries.length / 2)
      await settle(deliveries.slice(0, middle))
      await settle(deliveries.slice(middle))
    }
  }
}
