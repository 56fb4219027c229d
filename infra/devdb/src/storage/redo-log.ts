import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { createRunsWriter, type Run, readRuns, type Value } from './redo-runs.ts'

/** The statements since SQLite's last commit, in a file beside that of the database. */
export type RedoLog = Readonly<{
  /** Adds a statement to those that the next `write` makes durable. */
  add(sql: string, values: readonly Value[]): void
  isPending(): boolean
  /** Makes the added statements durable, all or none. @throws the error of the file system. */
  write(): void
  /** Tries whether there is room for more. @throws the error of the file system. */
  probe(): void
  /** Forgets the statements that have not been written. */
  discard(): void
  /** The durable statements, in their order. */
  read(): Iterable<Run>
  /** The bytes of the durable statements. */
  size(): number
  /** The number of the last durable batch of statements. */
  sequence(): number
  /** Forgets the durable statements, because SQLite has committed them. */
  clear(): void
  close(): void
}>

/** The database that a log belongs to, and the last batch that SQLite has committed. */
export type Position = Readonly<{ salt: number; sequence: number }>

/** A batch begins with the length of its statements, their checksum, and its number. */
const HEADER_BYTES = 16
const PROBE_BYTES = 64 * 1024

/**
 * Opens the log of a database. A batch that was not written to its end, one of another database, and those that SQLite
 * has committed already are not read.
 */
export function openRedoLog(path: string, { salt, sequence: committed }: Position): RedoLog {
  const log = openDurable(path)
  const pending = createRunsWriter(HEADER_BYTES)
  let first = committed + 1
  let sequence = committed
  let end = 0
  for (const batch of readBatches(log, { salt, first, end: fstatSync(log).size })) {
    end += HEADER_BYTES + batch.length
    sequence++
  }

  return {
    add: pending.add,
    isPending: () => !pending.isEmpty(),
    write() {
      const bytes = seal(pending.bytes(), salt, sequence + 1)
      writeDurably(log, bytes, end)
      end += bytes.length
      sequence++
      pending.clear()
    },
    probe: () => writeDurably(log, Buffer.alloc(PROBE_BYTES), end),
    discard: pending.clear,
    *read() {
      for (const batch of readBatches(log, { salt, first, end })) yield* readRuns(batch)
    },
    size: () => end,
    sequence: () => sequence,
    clear() {
      first = sequence + 1
      end = 0
    },
    close() {
      closeSync(log)
      if (end === 0) rmSync(path)
    },
  }
}

/** Fills in the header. */
function seal(bytes: Buffer, salt: number, number: number): Buffer {
  bytes.writeUInt32LE(bytes.length - HEADER_BYTES, 0)
  bytes.writeUInt32LE(checksum(bytes.subarray(HEADER_BYTES), salt, number), 4)
  bytes.writeDoubleLE(number, 8)
  return bytes
}

/** Opens the file for reading and writing, and makes its name durable. */
function openDurable(path: string): number {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const directory = openSync(dirname(path), 'r')
  fsyncSync(directory)
  closeSync(directory)
  return file
}

/** Writes all bytes, or none. */
function writeDurably(file: number, bytes: Uint8Array, position: number): void {
  let done = 0
  try {
    while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, position + done)
    fdatasyncSync(file)
  } catch (error) {
    ftruncateSync(file, position) // A batch that is refused must not be there after a crash.
    throw error
  }
}

type Range = Readonly<{ salt: number; first: number; end: number }>

/** The batches from the number `first` on, up to one that does not follow the one before it. */
function* readBatches(file: number, { salt, first, end }: Range): Iterable<Buffer> {
  let number = first
  let at = 0
  while (at + HEADER_BYTES <= end) {
    const header = readAt(file, at, HEADER_BYTES)
    const length = header.readUInt32LE(0)
    if (header.readDoubleLE(8) !== number || at + HEADER_BYTES + length > end) return
    const batch = readAt(file, at + HEADER_BYTES, length)
    if (header.readUInt32LE(4) !== checksum(batch, salt, number)) return
    yield batch
    at += HEADER_BYTES + length
    number++
  }
}

const checksum = (batch: Uint8Array, salt: number, number: number) => crc32(batch, crc32(`${salt} ${number}`))

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  const read = readSync(file, bytes, 0, length, position)
  return bytes.subarray(0, read)
}
