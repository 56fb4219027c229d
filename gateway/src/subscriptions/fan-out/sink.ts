import type { Writable } from 'node:stream'
import type { End } from '../end-reasons.ts'

/** The connection to one client, as a transport provides it. */
export type Sink = Readonly<{
  /** Sends the text of a result. */
  next: (text: string) => void
  /** Ends the subscription at the client; nothing may be sent after it. */
  end: (why: End) => void
  /** Bytes that were sent and are still in memory. */
  bufferedBytes: () => number
  /** Calls back once, when the buffer is drained or the client is gone. */
  whenDrained: (callback: () => void) => void
}>

/** Calls back once, when the operating system has taken everything that was written, or the other side is gone. */
export function whenDrained(stream: Writable, callback: () => void): void {
  if (stream.destroyed || !stream.writableNeedDrain) return void setImmediate(callback)
  const drained = () => {
    stream.off('drain', drained)
    stream.off('close', drained)
    callback()
  }
  stream.on('drain', drained)
  stream.on('close', drained)
}
