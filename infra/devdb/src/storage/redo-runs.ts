/** A value that is bound to a statement. */
export type Value = Uint8Array | string | number

/** A statement that was run, with its values. */
export type Run = Readonly<{ sql: string; values: Value[] }>

export type RunsWriter = Readonly<{
  add(sql: string, values: readonly Value[]): void
  isEmpty(): boolean
  /** The statements in their binary form, behind the bytes left free for a header. */
  bytes(): Buffer
  clear(): void
}>

/** The kind of the next bytes: the text of a statement that is used for the first time, or the number of one with its values. */
const DEFINE = 0
const RUN = 1
const BLOB = 0
const TEXT = 1
const NUMBER = 2

/** Writes statements in a binary form, each text of a statement once. */
export function createRunsWriter(headerBytes: number): RunsWriter {
  const buffer = createBuffer(headerBytes)
  const known = new Map<string, number>()
  const addValue = (value: Value) => {
    if (typeof value === 'string') buffer.addBytes(TEXT, Buffer.from(value))
    else if (typeof value === 'number') buffer.addNumber(NUMBER, value)
    else buffer.addBytes(BLOB, value)
  }
  return {
    add(sql, values) {
      const number = known.get(sql) ?? known.size
      if (number === known.size) {
        known.set(sql, number)
        buffer.addBytes(DEFINE, Buffer.from(sql))
      }
      buffer.addHead(RUN, number, values.length)
      for (const value of values) addValue(value)
    },
    isEmpty: () => buffer.length() === headerBytes,
    bytes: buffer.bytes,
    clear() {
      buffer.clear()
      known.clear()
    },
  }
}

/** One buffer that grows, because thousands of statements are written a second. */
function createBuffer(headerBytes: number) {
  let bytes = Buffer.allocUnsafe(64 * 1024)
  let used = headerBytes
  const reserve = (count: number) => {
    if (used + count <= bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (used + count))
    bytes.copy(larger, 0, 0, used)
    bytes = larger
  }
  return {
    addHead(kind: number, number: number, count: number) {
      reserve(3)
      bytes[used++] = kind
      bytes[used++] = number
      bytes[used++] = count
    },
    addBytes(kind: number, value: Uint8Array) {
      reserve(value.length + 5)
      bytes[used] = kind
      bytes.writeUInt32LE(value.length, used + 1)
      bytes.set(value, used + 5)
      used += value.length + 5
    },
    addNumber(kind: number, value: number) {
      reserve(9)
      bytes[used] = kind
      bytes.writeDoubleLE(value, used + 1)
      used += 9
    },
    length: () => used,
    bytes: () => bytes.subarray(0, used),
    clear() {
      used = headerBytes
    },
  }
}

/** Reads what `createRunsWriter` has written. */
export function* readRuns(bytes: Buffer): Iterable<Run> {
  const known: string[] = []
  let at = 0
  const readBytes = () => {
    const length = bytes.readUInt32LE(at + 1)
    const value = bytes.subarray(at + 5, at + 5 + length)
    at += 5 + length
    return value
  }
  const readValue = (): Value => {
    const kind = bytes[at]
    if (kind === BLOB) return readBytes()
    if (kind === TEXT) return readBytes().toString()
    at += 9
    return bytes.readDoubleLE(at - 8)
  }
  while (at < bytes.length) {
    if (bytes[at] === DEFINE) known.push(readBytes().toString())
    else {
      const [, number, count] = bytes.subarray(at, at + 3)
      at += 3
      yield { sql: known[number!]!, values: Array.from({ length: count! }, readValue) }
    }
  }
}
