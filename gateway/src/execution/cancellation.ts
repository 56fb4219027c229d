/**
 * Cancels the work for a request when its client has gone. A lighter AbortSignal, without EventTarget: every request has
 * one, and most are never cancelled.
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

  /** Calls `listener` at once if it was cancelled before. */
  add(listener: () => void): void {
    if (this.#isCancelled) listener()
    else this.#listeners.add(listener)
  }

  remove(listener: () => void): void {
    this.#listeners.delete(listener)
  }
}
