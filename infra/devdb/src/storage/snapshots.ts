import { textOf } from '../values/keys.ts'
import type { DocumentScan, IndexScan, PresentReader, Reader } from './reader.ts'

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
/** The overwritten values of one collection or index. Only those before `indexed` are in `byName` yet. */
type Kept = { readonly all: Old[]; readonly byName: Map<string, Old>; indexed: number }
type KeptByNumber = Map<number, Kept>
/** The values overwritten between the opening of one snapshot and that of the next. */
type Generation = Readonly<{ number: number; documents: KeptByNumber; entries: KeptByNumber }>

/**
 * Snapshots over the one connection to the database: what is overwritten while any are open is kept in memory, until
 * those that were opened before are released.
 */
export function createSnapshots(present: PresentReader): Snapshots {
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

/** The names of the keys are made when a snapshot is read, because many are released before that. */
function keep(byNumber: KeptByNumber | undefined, number: number, key: Uint8Array, value: Uint8Array | null): void {
  if (!byNumber) return // No snapshot is open.
  const known = byNumber.get(number)
  if (known) known.all.push({ key, value })
  else byNumber.set(number, { all: [{ key, value }], byName: new Map(), indexed: 0 })
}

/** Only the first write after a snapshot was opened overwrites what the snapshot sees. */
function namesOf(kept: Kept): ReadonlyMap<string, Old> {
  const { all, byName } = kept
  for (; kept.indexed < all.length; kept.indexed++) {
    const old = all[kept.indexed]!
    const name = textOf(old.key)
    if (!byName.has(name)) byName.set(name, old)
  }
  return byName
}

type Part = 'documents' | 'entries'

function createOldReader(present: PresentReader, since: () => readonly Generation[]): Omit<Snapshot, 'release'> {
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
      if (old.size === 0) {
        // The document of an entry that is the same may have changed in other fields.
        return present.scanIndex(scan).map((row) => {
          const document = findOld(since(), 'documents', scan.collection, row.id)
          return document ? { ...row, body: document.value ?? row.body } : row
        })
      }
      // Most of these keys may be newer than the snapshot, and their documents are not needed.
      const keys = present.scanKeys({ ...scan, limit: scan.limit + old.size })
      const asBefore = merge(scan, keys, old, ({ key, value }) => ({ key, id: value! }))
      return asBefore.map(({ key, id }) => ({ key, id, body: get(scan.collection, id)! }))
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
    const old = namesOf(kept).get(name)
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
    const kept = generation[part].get(number)
    for (const [name, old] of kept ? namesOf(kept) : []) {
      const isWithin = Buffer.compare(old.key, from) >= 0 && (before === null || Buffer.compare(old.key, before) < 0)
      if (isWithin && !changes.has(name)) changes.set(name, old)
    }
  }
  return changes
}

function merge<One extends Readonly<{ key: Uint8Array }>>(
  { backwards, limit }: IndexScan | DocumentScan,
  rows: readonly One[],
  old: ReadonlyMap<string, Old>,
  toRow: (old: Old) => One,
): readonly One[] {
  const unchanged = rows.filter(({ key }) => !old.has(textOf(key)))
  const restored = [...old.values()].filter(({ value }) => value !== null).map(toRow)
  const direction = backwards ? -1 : 1
  return [...unchanged, ...restored].sort((a, b) => Buffer.compare(a.key, b.key) * direction).slice(0, limit)
}
