/** Work that ends at a time of `performance.now()`. */
export type Bounded = Readonly<{ endsAt: number; expire: () => void }>

/** How late a deadline may be noticed. */
const EVERY_MS = 20

/**
 * Ends what is on its way at its deadline. One timer for all, because nearly everything ends long before, and a timer of
 * its own would cost more than the rest of its bookkeeping.
 */
export class Deadlines {
  readonly #running = new Set<Bounded>()
  #timer: NodeJS.Timeout | null = null

  add(work: Bounded): void {
    this.#running.add(work)
    this.#timer ??= setInterval(() => this.#check(), EVERY_MS)
  }

  delete(work: Bounded): void {
    this.#running.delete(work)
  }

  #check(): void {
    const now = performance.now()
    for (const work of this.#running) if (work.endsAt <= now) work.expire()
    if (this.#running.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
