import type { Collection, Document, Filter } from 'mongodb'
import type { Connection, PageArguments } from '../connection.ts'
import { BadUserInputError } from '../errors.ts'

/** Rows of a page where the caller names no number, and the most a caller may ask for. */
const PAGE_DEFAULT = 20
const PAGE_MAX = 100

/**
 * The order of a list: a field (or a path, as `amount.amount`) that is never null, ascending (1) or descending (-1). Rows that are equal in it are
 * ordered by `_id` in the same direction, so an index must end with both, unless the field is `unique`.
 */
export type PageOrder = Readonly<{ field: string; direction: 1 | -1; unique?: boolean }>

type Source<D extends Document, T> = Readonly<{
  collection: Collection<D>
  filter: Filter<D>
  /** Default: all fields are read. */
  projection?: Readonly<Record<string, 0 | 1>>
  toNode: (document: D) => T
}>
type Place = Readonly<{ order: PageOrder; page: PageArguments }>

export type Page<D extends Document, T> = Source<D, T> & Place

/**
 * Reads one page by cursor. A row keeps its place while others come and go; the cost does not grow with the distance
 * from the start.
 * @throws BadUserInputError for a page size outside 0 to PAGE_MAX, `first` with `last`, or a cursor that is not of this order.
 */
export function readPage<D extends Document, T>({ order, page, ...source }: Page<D, T>): Promise<Connection<T>> {
  return readMergedPage([partOf(source)], { order, page })
}

/** Rows of a list that several collections have, or that one walk along an index does not find. */
export type Part<T> = Readonly<{
  find: (conditions: readonly Document[], sort: Readonly<Record<string, 1 | -1>>, limit: number) => Promise<Document[]>
  count: () => Promise<number>
  toNode: (row: Document) => T
}>

export function partOf<D extends Document, T>({ collection, filter, projection, toNode }: Source<D, T>): Part<T> {
  return {
    find(conditions, sort, limit) {
      const all = (conditions.length === 0 ? filter : { $and: [filter, ...conditions] }) as Filter<D>
      const found = collection.find(all, projection && { projection })
      return found.sort(sort).limit(limit).toArray() as Promise<Document[]>
    },
    count: () => collection.countDocuments(filter),
    toNode: (row) => toNode(row as D),
  }
}

/**
 * Reads one page of a list whose rows are in several parts, like `readPage`. No row may be in two parts, and the field of
 * the order has the same name in each.
 */
export async function readMergedPage<T>(parts: readonly Part<T>[], { order, page }: Place): Promise<Connection<T>> {
  const size = sizeOf(page)
  const direction = (page.last != null ? -order.direction : order.direction) as 1 | -1
  const bounds = [
    ...(page.after != null ? [beyond(order, order.direction, readCursor(order, 'after', page.after))] : []),
    ...(page.before != null ? [beyond(order, -order.direction, readCursor(order, 'before', page.before))] : []),
  ]
  const sort = { [order.field]: direction, ...(!order.unique && { _id: direction }) }
  const found = await Promise.all(parts.map((part) => part.find(bounds, sort, size + 1)))
  const partOfRow = new Map(found.flatMap((rows, index) => rows.map((row) => [row, parts[index]!] as const)))
  const count = async () => {
    const counts = await Promise.all(parts.map((part) => part.count()))
    return counts.reduce((sum, one) => sum + one, 0)
  }
  return toConnection({
    ...{ found: merge(found, order, direction), size, order, page, count },
    toNode: (row: Document) => partOfRow.get(row)!.toNode(row),
  })
}

/** Rows that are in order in each list. */
function merge(found: readonly Document[][], { field }: PageOrder, direction: 1 | -1): readonly Document[] {
  if (found.length === 1) return found[0]!
  const compare = (one: Document, other: Document): number => {
    const [a, b] = [valueAt(one, field), valueAt(other, field)] as [number, number]
    if (a < b || b < a) return a < b ? -direction : direction
    return one._id < other._id ? -direction : direction
  }
  return found.flat().sort(compare)
}

type Rows<D extends Document, T> = Readonly<{
  /** In reading order from the start of the page; one more than `size` if there are more. */
  found: readonly D[]
  size: number
  order: PageOrder
  page: PageArguments
  toNode: (document: D) => T
  count: () => Promise<number>
}>

/** A page out of rows that were read already. */
export function toConnection<D extends Document, T>({
  found,
  size,
  order,
  page,
  toNode,
  count,
}: Rows<D, T>): Connection<T> {
  const backwards = page.last != null
  const more = found.length > size
  const rows = found.slice(0, size)
  if (backwards) rows.reverse()
  const edges = rows.map((row) => ({ cursor: writeCursor(order, row), node: toNode(row) }))
  return {
    nodes: edges.map(({ node }) => node),
    edges,
    pageInfo: {
      hasNextPage: backwards ? page.before != null : more,
      hasPreviousPage: backwards ? more : page.after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: count,
  }
}

/** How many rows a page has; none where only the count is wanted. @throws BadUserInputError */
export function sizeOf({ first, last }: PageArguments): number {
  if (first != null && last != null) throw new BadUserInputError(['first'], 'cannot be combined with last')
  const [name, size] = last != null ? ['last', last] : ['first', first ?? PAGE_DEFAULT]
  if (size < 0 || size > PAGE_MAX) throw new BadUserInputError([name as string], `must be from 0 to ${PAGE_MAX}`)
  return size as number
}

type Position = Readonly<{ value: unknown; id: string }>

/** Everything beyond a position. One range over the field, so that one index scan serves it; ties are decided by `_id`. */
function beyond({ field, unique }: PageOrder, direction: number, { value, id }: Position): Document {
  const [strictly, orEqual] = direction === 1 ? ['$gt', '$gte'] : ['$lt', '$lte']
  if (unique) return { [field]: { [strictly as string]: value } }
  return {
    [field]: { [orEqual as string]: value },
    $or: [{ [field]: { [strictly as string]: value } }, { _id: { [strictly as string]: id } }],
  }
}

/** Grows when the content of a cursor changes; older ones are then refused, not misread. */
const CURSOR_VERSION = 1

const valueAt = (row: Document, field: string) =>
  field.split('.').reduce<unknown>((at, name) => (at as Document)[name], row)

function writeCursor({ field }: PageOrder, row: Document): string {
  const value = valueAt(row, field)
  const typed = value instanceof Date ? ['date', value.getTime()] : [typeof value, value]
  return Buffer.from(JSON.stringify([CURSOR_VERSION, field, ...typed, row._id])).toString('base64url')
}

function readCursor({ field }: PageOrder, argument: string, cursor: string): Position {
  const [version, ofField, kind, value, id] = parseCursor(cursor)
  const known = version === CURSOR_VERSION && ofField === field && typeof id === 'string'
  if (known && kind === 'date' && isMoment(value)) return { value: new Date(value), id }
  if (known && (kind === 'number' || kind === 'string') && typeof value === kind) return { value, id }
  throw new BadUserInputError([argument], 'is not a cursor of this list')
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(new Date(value).getTime())
}

function parseCursor(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}
