import type { Files } from '../files/files.ts'
import type { Processor, Run } from '../processors/processor.ts'
import { FORMATS } from './formats.ts'
import type { Reports } from './report.ts'
import { type ReportOrder, toRange } from './report-order.ts'

/** The part of the progress that reading has: storing the file is the rest. */
const READING = 90

type Dependencies = Readonly<{ reports: Reports; files: Pick<Files, 'store'> }>

/**
 * Makes a report, and stores it as the file of the job. A second attempt replaces the file of the first; one that is
 * stopped leaves none.
 */
export function createGenerateReport({ reports, files }: Dependencies): Processor<ReportOrder> {
  return async (order, { jobId, addedAt, signal, progress }) => {
    const { report, format } = order
    const { title, columns, rows } = reports[report]
    const range = toRange(order, addedAt)
    await progress(0)
    const reading = { signal, progress: inPercents(progress, signal) }
    const { contentType, write } = FORMATS[format]
    const { from, to } = range
    const { format: toDay } = new Intl.DateTimeFormat('en-CA', { timeZone: order.timeZone ?? 'UTC' })
    const name = `${report}-${toDay(from)}-to-${toDay(to)}.${format}`
    const content = write({ report, title, columns, range }, rows(range, reading))
    const { bytes, expiresAt } = await files.store({ id: jobId, name, contentType }, content, signal)
    return { fileName: name, bytes, from, to, expiresAt }
  }
}

/** Reports whole percents, each once: a report on progress is a write. */
function inPercents(progress: Run['progress'], signal: AbortSignal) {
  let reported = 0
  return async (fraction: number) => {
    signal.throwIfAborted()
    const percent = Math.floor(READING * fraction)
    if (percent === reported) return
    reported = percent
    await progress(percent)
  }
}
