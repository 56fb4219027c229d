/** Work that ends at a time of `performance.now()`. `place` is its index among all that is on its way. */
export type Bounded = { readonly endsAt: number; readonly expire: () => void; place: number }

/** How late a deadline may be noticed. */
const EVERY_MS = 20

/**
 * Ends what is on its way at its deadline. One timer for all, because nearly everything ends long before, and a timer of
 * its own would cost more than the rest of its bookkeeping.
 */
export class Deadlines {
  /**
   * No Set: one that changes all the time is copied again and again, each copy refers to the next one, and once the first
   * is old, the garbage collection of young objects keeps them all, with everything that was in them.
   */
  readonly #running: Bounded[] = []
  #timer: NodeJS.Timeout | null = null

  add(work: Bounded): void {
    work.place = this.#running.length
    this.#running.push(work)
    this.#timer ??= setInterval(() => this.#check(), EVERY_MS)
  }

  /** The last one takes its place. */
  delete(work: Bounded): void {
    if (this.#running[work.place] !== work) return
    const last = this.#running.pop()!
    if (last === work) return
    last.place = work.place
    this.#running[work.place] = last
  }

  #check(): void {
    const now = performance.now()
    const late = this.#running.filter(({ endsAt }) => endsAt <= now)
    for (const work of late) work.expire()
    if (this.#running.length > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
