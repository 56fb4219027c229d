/**
 * Cancels the work for a request when its client has gone. A lighter AbortSignal, without EventTarget: every request has
 * one, and most are never cancelled.
 */
export class Cancellation {
  #listeners: (() => void)[] = []
  #isCancelled = false

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  cancel(): void {
    this.#isCancelled = true
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }

  /** Calls `listener` at once if it was cancelled before. */
  add(listener: () => void): void {
    if (this.#isCancelled) listener()
    else this.#listeners.push(listener)
  }

  remove(listener: () => void): void {
    const at = this.#listeners.lastIndexOf(listener)
    if (at !== -1) this.#listeners.splice(at, 1)
  }
}
