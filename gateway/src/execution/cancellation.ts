/**
 * Tells those who work for a request that nobody waits for the answer any more. What AbortSignal is, without being an
 * EventTarget: each request has one, and most are never told.
 */
export class Cancellation {
  readonly #listeners = new Set<() => void>()
  #isCancelled = false

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  cancel(): void {
    this.#isCancelled = true
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }

  /** Calls `listener` at once where it is too late already. */
  add(listener: () => void): void {
    if (this.#isCancelled) listener()
    else this.#listeners.add(listener)
  }

  remove(listener: () => void): void {
    this.#listeners.delete(listener)
  }
}
