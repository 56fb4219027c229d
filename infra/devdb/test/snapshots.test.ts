import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reader, Row } from '../src/storage/reader.ts'
import type { Snapshot } from '../src/storage/snapshots.ts'
import { openStorage, type Storage } from '../src/storage/storage.ts'

const COLLECTION = 1
const INDEX = 2
const everything = { from: Buffer.alloc(0), before: null, backwards: false, limit: 1000 }

/** Writes document `id` with one entry, deletes it, opens a snapshot, or releases the oldest. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), id: fc.nat(9), key: fc.nat(9) }),
    fc.record({ kind: fc.constant('remove' as const), id: fc.nat(9) }),
    fc.constant({ kind: 'open' as const }),
    fc.constant({ kind: 'release' as const }),
  ),
  { minLength: 5, maxLength: 60 },
)

describe('a snapshot', () => {
  let directory: string
  let storage: Storage

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'devdb-'))
    storage = openStorage(join(directory, 'db'))
  })
  afterAll(() => {
    storage.close()
    rmSync(directory, { recursive: true })
  })

  it('shows what was stored when it was opened, whatever is written afterwards', () => {
    fc.assert(
      fc.property(steps, (all) => {
        storage.clearCollection(COLLECTION)
        storage.clearIndex(INDEX)
        const keys = new Map<number, number>()
        const open: { snapshot: Snapshot; expected: unknown }[] = []
        for (const step of all) {
          if (step.kind === 'put') write(storage, keys, step.id, step.key)
          else if (step.kind === 'remove') write(storage, keys, step.id, null)
          else if (step.kind === 'release') open.shift()?.snapshot.release()
          else open.push({ snapshot: storage.openSnapshot(), expected: contents(storage) })
          for (const { snapshot, expected } of open) expect(contents(snapshot)).toEqual(expected)
        }
        for (const { snapshot } of open) snapshot.release()
      }),
    )
  })

  it('knows which documents were written after it was opened', () => {
    const before = storage.openSnapshot()
    storage.put(COLLECTION, Buffer.from('x'), Buffer.from('new'), null)
    const after = storage.openSnapshot()

    const changed = [before, after].map((snapshot) => snapshot.isChanged(COLLECTION, Buffer.from('x')))
    before.release()
    after.release()

    expect(changed).toEqual([true, false])
  })
})

let writes = 0

function write(storage: Storage, keys: Map<number, number>, id: number, key: number | null): void {
  const name = Buffer.from([id])
  const before = storage.get(COLLECTION, name)
  const known = keys.get(id)
  if (known !== undefined) storage.removeEntry(INDEX, Buffer.from([known, id]), name)
  keys.delete(id)
  if (key === null) {
    storage.remove(COLLECTION, name, before)
    return
  }
  storage.put(COLLECTION, name, Buffer.from(String(++writes)), before)
  storage.putEntry(INDEX, Buffer.from([key, id]), name)
  keys.set(id, key)
}

/** All that a reader shows, by each of its ways, in both directions, whole and in parts. */
function contents(reader: Reader) {
  const ids = [...Array(10).keys()].map((id) => Buffer.from([id]))
  const part = { from: Buffer.from([3]), before: Buffer.from([7]), limit: 2 }
  const scans = [
    everything,
    { ...everything, backwards: true },
    { ...part, backwards: false },
    { ...part, backwards: true },
  ]
  return {
    documents: ids.map((id) => hex(reader.get(COLLECTION, id))),
    entries: ids.map((id) => hex(reader.entry(INDEX, Buffer.from([5, ...id])))),
    byId: scans.map((scan) => reader.scanDocuments({ ...scan, collection: COLLECTION }).map(plain)),
    byKey: scans.map((scan) => reader.scanIndex({ ...scan, idx: INDEX, collection: COLLECTION }).map(plain)),
  }
}

const hex = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('hex')
const plain = ({ key, id, body }: Row) => [key, id, body].map(hex)
