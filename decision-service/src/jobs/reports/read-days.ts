import { DAY_MS } from '@redress/shared/time.ts'
import type { Reading } from './report.ts'
import type { Range } from './report-order.ts'

/**
 * Reads a range day by day, and reports progress after each. Between two days a job learns that it was cancelled, and no
 * query of the database covers more than one.
 */
export async function* readDays<T>(
  { from, to }: Range,
  { signal, progress }: Reading,
  readDay: (day: Range) => AsyncIterable<T>,
): AsyncIterable<T> {
  for (let at = from.getTime(); at < to.getTime(); at += DAY_MS) {
    const end = Math.min(at + DAY_MS, to.getTime())
    for await (const one of readDay({ from: new Date(at), to: new Date(end) })) {
      signal.throwIfAborted()
      yield one
    }
    await progress((end - from.getTime()) / (to.getTime() - from.getTime()))
  }
}
