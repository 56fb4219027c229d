import type { SampleIssue } from './sample-issues.ts'

const COLUMNS = ['Issue', 'Type', 'Decision', 'Confidence', 'Routing'] as const
/** The width of an id, and of the longest value of each column. */
const WIDTHS = [36, 18, 15, 10, 12] as const

export const tableHead = (): string => toLine(COLUMNS)

export function toTableRow({ id, type, status, decision }: SampleIssue): string {
  if (decision === null) return toLine([id, type.toLowerCase(), status.toLowerCase(), '–', '–'])
  const { action, confidence, routing } = decision
  return toLine([id, type.toLowerCase(), action.toLowerCase(), `${confidence} %`, routing.toLowerCase()])
}

function toLine(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join('  ')
    .trimEnd()
}
