import type { Writable } from 'node:stream'

/** Calls back once, when the operating system has taken all that was written, or the other side is gone. */
export function whenTaken(stream: Writable, callback: () => void): void {
  if (stream.destroyed || !stream.writableNeedDrain) return void setImmediate(callback)
  const taken = () => {
    stream.off('drain', taken)
    stream.off('close', taken)
    callback()
  }
  stream.on('drain', taken)
  stream.on('close', taken)
}
