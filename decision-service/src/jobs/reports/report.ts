import type { Range, ReportName } from './report-order.ts'

export type Cell = string | number | null
export type Row = Readonly<Record<string, Cell>>

/** How a report is read: it stops at the signal, and says how far it is. */
export type Reading = Readonly<{
  signal: AbortSignal
  /** @param fraction of what is to be read, 0 to 1. Throws once the job is cancelled. */
  progress: (fraction: number) => Promise<void>
}>

/** A table of counts over a range of time. Its memory grows with its rows, not with what is counted. */
export type Report = Readonly<{
  title: string
  columns: readonly string[]
  rows: (range: Range, reading: Reading) => AsyncIterable<Row>
}>

export type Reports = Readonly<Record<ReportName, Report>>

/** A report of a range, beside its rows. */
export type Head = Readonly<{ report: ReportName; title: string; columns: readonly string[]; range: Range }>
