import type { Document, Filter } from 'mongodb'
import type { Connection } from '../connection.ts'
import { type Page, readPage, sizeOf, toConnection } from './pagination.ts'

/** Rows up to which the pages of several owners are read in one query. */
const TOGETHER_MAX = 2_000

type Pages<D extends Document, T> = Page<D, T> &
  Readonly<{
    /** The field of a row that names its owner. */
    ownerField: keyof D & string
    /** In the order of the answer. */
    owners: readonly string[]
  }>

/**
 * Reads the same page of the rows of each owner. First pages of several owners are read together while their rows are
 * few; a cursor belongs to one owner, so pages with one are read each on its own.
 */
export async function readPages<D extends Document, T>(options: Pages<D, T>): Promise<readonly Connection<T>[]> {
  const { owners, ownerField, ...read } = options
  const { collection, filter, order, page, toNode } = read
  const alone = () =>
    Promise.all(owners.map((owner) => readPage({ ...read, filter: { ...filter, [ownerField]: owner } as Filter<D> })))
  if (owners.length === 1 || page.after != null || page.before != null || page.last != null) return alone()

  const size = sizeOf(page)
  const found = (await collection
    .find({ ...filter, [ownerField]: { $in: [...owners] } } as Filter<D>)
    // Not by owner first: an index of owner and field gives this order for any direction, by merging its owners.
    .sort({ [order.field]: order.direction, _id: order.direction })
    .limit(TOGETHER_MAX + 1)
    .toArray()) as unknown as D[]
  if (found.length > TOGETHER_MAX) return alone()

  const byOwner = Map.groupBy(found, (row) => row[ownerField] as string)
  return owners.map((owner) => {
    const rows = byOwner.get(owner) ?? []
    return toConnection({ found: rows, size, order, page, toNode, count: async () => rows.length })
  })
}
