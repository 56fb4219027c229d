import type { FileRow } from './read-lines.ts'

export type Page = Readonly<{ from: number; rows: readonly FileRow[] }>

/** The limits of a page: the graph takes 1,000 rows, and the gateway a body of 1 MiB with 10,000 values. */
const LIMITS = { rows: 1_000, bytes: 768 * 1024, values: 9_000 }
/** The gateway takes 10 levels of objects and lists in a variable, and a page is two of them. */
const LEVELS_MAX = 8
type Size = typeof LIMITS
const NOTHING: Size = { rows: 0, bytes: 0, values: 0 }

/** Gathers the rows behind a position into pages that the graph accepts. A row that no page can have is refused alone. */
export async function* toPages(rows: AsyncIterable<FileRow>, position: number): AsyncGenerator<Page> {
  let place = 0
  let page: FileRow[] = []
  let size = NOTHING
  for await (const given of rows) {
    if (++place <= position) continue
    const row = toFitting(given)
    const ofRow = sizeOf(row)
    if (page.length > 0 && !fits(addTo(size, ofRow))) {
      yield { from: place - page.length, rows: page }
      page = []
      size = NOTHING
    }
    page.push(row)
    size = addTo(size, ofRow)
  }
  if (page.length > 0) yield { from: place - page.length + 1, rows: page }
}

function toFitting(row: FileRow): FileRow {
  const { line, value } = row
  if (hasMoreLevels(value, LEVELS_MAX)) {
    return { line, value: null, problem: `has more than ${LEVELS_MAX} levels of objects and lists` }
  }
  return fits(sizeOf(row)) ? row : { line, value: null, problem: 'has too many values' }
}

/** Goes no deeper than the limit: a line of a file has room for thousands of levels. */
const hasMoreLevels = (value: unknown, levels: number): boolean =>
  isBranch(value) && (levels === 0 || Object.values(value).some((inner) => hasMoreLevels(inner, levels - 1)))

const sizeOf = (row: FileRow): Size => ({
  rows: 1,
  bytes: Buffer.byteLength(JSON.stringify(row)),
  values: countValues(row),
})

const addTo = (a: Size, b: Size): Size => ({
  rows: a.rows + b.rows,
  bytes: a.bytes + b.bytes,
  values: a.values + b.values,
})

const fits = ({ rows, bytes, values }: Size) => rows <= LIMITS.rows && bytes <= LIMITS.bytes && values <= LIMITS.values

function countValues(value: unknown): number {
  if (!isBranch(value)) return 1
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 1)
}

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null
