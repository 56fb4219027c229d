import { unwatchFile, watchFile } from 'node:fs'

const EVERY_MS = 1_000

/**
 * Calls back when a file has changed. It is polled, because files of a container's volume are replaced, which a watcher
 * would not notice.
 */
export function watchGraphFile(path: string, onChange: () => void, everyMs = EVERY_MS): Disposable {
  const listener = (now: { mtimeMs: number; size: number }, before: { mtimeMs: number; size: number }) => {
    const isGone = now.mtimeMs === 0
    if (!isGone && (now.mtimeMs !== before.mtimeMs || now.size !== before.size)) onChange()
  }
  watchFile(path, { interval: everyMs, persistent: false }, listener)
  return { [Symbol.dispose]: () => unwatchFile(path, listener) }
}
