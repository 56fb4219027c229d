import { textOf } from '../values/keys.ts'
import type { DocumentScan, IndexScan, Reader, Row } from './reader.ts'

export type Snapshot = Reader &
  Readonly<{
    /** Whether a document was written after the snapshot was opened. */
    isChanged(collection: number, id: Uint8Array): boolean
    release(): void
  }>

export type Snapshots = Readonly<{
  /** An immutable view of the present state. */
  open(): Snapshot
  /** To be called before each write, with what it overwrites; null for nothing. */
  keepDocument(collection: number, id: Uint8Array, body: Uint8Array | null): void
  keepEntry(idx: number, key: Uint8Array, id: Uint8Array | null): void
}>

type Old = Readonly<{ key: Uint8Array; value: Uint8Array | null }>
type Kept = Map<number, Map<string, Old>>
/** The values overwritten between the opening of one snapshot and that of the next. */
type Generation = Readonly<{ number: number; documents: Kept; entries: Kept }>

/**
 * Snapshots over the one connection to the database: what is overwritten while any are open is kept in memory, until
 * those that were opened before are released.
 */
export function createSnapshots(present: Reader): Snapshots {
  let generations: Generation[] = []
  let last = 0
  const open = new Set<Generation>()
  const current = () => generations.at(-1)

  return {
    keepDocument: (collection, id, body) => keep(current()?.documents, collection, id, body),
    keepEntry: (idx, key, id) => keep(current()?.entries, idx, key, id),
    open() {
      const first: Generation = { number: ++last, documents: new Map(), entries: new Map() }
      generations.push(first)
      open.add(first)
      const since = () => generations.filter(({ number }) => number >= first.number)
      return {
        ...createOldReader(present, since),
        release() {
          open.delete(first)
          const [oldest] = open
          generations = oldest ? generations.filter(({ number }) => number >= oldest.number) : []
        },
      }
    },
  }
}

/** Only the first write after a snapshot was opened overwrites what the snapshot sees. */
function keep(kept: Kept | undefined, number: number, key: Uint8Array, value: Uint8Array | null): void {
  if (!kept) return // No snapshot is open.
  const known = kept.get(number)
  const own = known ?? new Map<string, Old>()
  if (!known) kept.set(number, own)
  const name = textOf(key)
  if (!own.has(name)) own.set(name, { key, value })
}

type Part = 'documents' | 'entries'

function createOldReader(present: Reader, since: () => readonly Generation[]): Omit<Snapshot, 'release'> {
  const get = (collection: number, id: Uint8Array) => {
    const old = findOld(since(), 'documents', collection, id)
    return old ? old.value : present.get(collection, id)
  }
  return {
    get,
    isChanged: (collection, id) => findOld(since(), 'documents', collection, id) !== null,
    entry(idx, key) {
      const old = findOld(since(), 'entries', idx, key)
      return old ? old.value : present.entry(idx, key)
    },
    scanDocuments(scan) {
      const old = changesIn(since(), 'documents', scan.collection, scan)
      if (old.size === 0) return present.scanDocuments(scan)
      const rows = present.scanDocuments({ ...scan, limit: scan.limit + old.size })
      return merge(scan, rows, old, ({ key, value }) => ({ key, id: key, body: value! }))
    },
    scanIndex(scan) {
      const old = changesIn(since(), 'entries', scan.idx, scan)
      const rows = present.scanIndex({ ...scan, limit: scan.limit + old.size })
      // The document of an entry that is the same may have changed in other fields.
      const asBefore = rows.map((row) => {
        const document = findOld(since(), 'documents', scan.collection, row.id)
        return document ? { ...row, body: document.value ?? row.body } : row
      })
      if (old.size === 0) return asBefore
      return merge(scan, asBefore, old, ({ key, value }) => ({ key, id: value!, body: get(scan.collection, value!)! }))
    },
  }
}

/** A snapshot older than all generations sees the value that the oldest generation with the key keeps. */
function findOld(since: readonly Generation[], part: Part, number: number, key: Uint8Array): Old | null {
  let name: string | null = null
  for (const generation of since) {
    const kept = generation[part].get(number)
    if (!kept) continue
    name ??= textOf(key)
    const old = kept.get(name)
    if (old) return old
  }
  return null
}

/** The former values of all keys in a range that have been written since. */
function changesIn(
  since: readonly Generation[],
  part: Part,
  number: number,
  { from, before }: IndexScan | DocumentScan,
): ReadonlyMap<string, Old> {
  const changes = new Map<string, Old>()
  for (const generation of since) {
    for (const [name, old] of generation[part].get(number) ?? []) {
      const isWithin = Buffer.compare(old.key, from) >= 0 && (before === null || Buffer.compare(old.key, before) < 0)
      if (isWithin && !changes.has(name)) changes.set(name, old)
    }
  }
  return changes
}

function merge(
  { backwards, limit }: IndexScan | DocumentScan,
  rows: readonly Row[],
  old: ReadonlyMap<string, Old>,
  toRow: (old: Old) => Row,
): readonly Row[] {
  const unchanged = rows.filter(({ key }) => !old.has(textOf(key)))
  const restored = [...old.values()].filter(({ value }) => value !== null).map(toRow)
  const direction = backwards ? -1 : 1
  return [...unchanged, ...restored].sort((a, b) => Buffer.compare(a.key, b.key) * direction).slice(0, limit)
}
