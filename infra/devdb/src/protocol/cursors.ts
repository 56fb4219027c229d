import { BSON } from 'mongodb'
import { CommandError } from '../errors.ts'

const FIRST_BATCH = 101
const BATCH_BYTES_MAX = 16 * 1024 * 1024
const IDLE_MS = 10 * 60 * 1000
/** The most bytes that all cursors together hold. Beyond it, the least recently used ones are closed. */
const HELD_BYTES_MAX = 256 * 1024 * 1024

export type Batch = Readonly<{ id: BSON.Long; bodies: readonly Uint8Array[] }>

/** Results that drivers have not fetched yet. */
export type Cursors = Readonly<{
  open(namespace: string, bodies: readonly Uint8Array[], batchSize: number | null, single: boolean): Batch
  /** @throws CommandError CursorNotFound */
  next(id: BSON.Long, batchSize: number | null): Batch & { namespace: string }
  kill(id: BSON.Long): boolean
  /** Closes the cursors over a dropped collection. */
  killAll(namespace: string): void
  close(): void
}>

type Rest = Readonly<{ namespace: string; bodies: readonly Uint8Array[]; bytes: number; usedAt: number }>

export function createCursors(heldBytesMax: number = HELD_BYTES_MAX): Cursors {
  const { open, hold, drop } = createHeld(heldBytesMax)
  let last = 0
  const timer = setInterval(() => {
    for (const [id, { usedAt }] of open) if (performance.now() - usedAt > IDLE_MS) drop(id)
  }, IDLE_MS / 10).unref()

  return {
    open(namespace, bodies, batchSize, single) {
      const { batch, rest } = take(bodies, batchSize ?? FIRST_BATCH)
      if (rest.length === 0 || single) return { id: BSON.Long.ZERO, bodies: batch }
      const id = BSON.Long.fromNumber(++last)
      hold(id.toString(), namespace, rest)
      return { id, bodies: batch }
    },
    next(id, batchSize) {
      const name = id.toString()
      const cursor = open.get(name)
      if (!cursor) throw new CommandError(43, `cursor id ${name} not found`)
      const { batch, rest } = take(cursor.bodies, batchSize || Number.POSITIVE_INFINITY)
      drop(name)
      if (rest.length > 0) hold(name, cursor.namespace, rest)
      return { id: rest.length === 0 ? BSON.Long.ZERO : id, bodies: batch, namespace: cursor.namespace }
    },
    killAll(namespace) {
      for (const [id, cursor] of open) if (cursor.namespace === namespace) drop(id)
    },
    kill: (id) => drop(id.toString()),
    close: () => clearInterval(timer),
  }
}

/** The open cursors, in the order of their last use. */
function createHeld(bytesMax: number) {
  const open = new Map<string, Rest>()
  let held = 0
  const drop = (id: string) => {
    held -= open.get(id)?.bytes ?? 0
    return open.delete(id)
  }
  return {
    open: open as ReadonlyMap<string, Rest>,
    drop,
    hold(id: string, namespace: string, bodies: readonly Uint8Array[]) {
      const bytes = sizeOf(bodies)
      held += bytes
      open.set(id, { namespace, bodies, bytes, usedAt: performance.now() })
      for (const oldest of open.keys()) if (held > bytesMax && oldest !== id) drop(oldest)
    },
  }
}

const sizeOf = (bodies: readonly Uint8Array[]) => bodies.reduce((sum, body) => sum + body.length, 0)

function take(bodies: readonly Uint8Array[], count: number) {
  let bytes = 0
  let at = 0
  while (at < bodies.length && at < count) {
    bytes += bodies[at]!.length
    if (bytes > BATCH_BYTES_MAX && at > 0) break
    at++
  }
  return { batch: bodies.slice(0, at), rest: bodies.slice(at) }
}
