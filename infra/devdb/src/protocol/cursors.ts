import { BSON } from 'mongodb'
import { CommandError } from '../errors.ts'

const FIRST_BATCH = 101
const BATCH_BYTES_MAX = 16 * 1024 * 1024
const IDLE_MS = 10 * 60 * 1000

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

type Rest = { namespace: string; bodies: readonly Uint8Array[]; usedAt: number }

export function createCursors(): Cursors {
  const open = new Map<string, Rest>()
  let last = 0
  const timer = setInterval(() => {
    for (const [id, { usedAt }] of open) if (Date.now() - usedAt > IDLE_MS) open.delete(id)
  }, IDLE_MS / 10).unref()

  return {
    open(namespace, bodies, batchSize, single) {
      const { batch, rest } = take(bodies, batchSize ?? FIRST_BATCH)
      if (rest.length === 0 || single) return { id: BSON.Long.ZERO, bodies: batch }
      const id = BSON.Long.fromNumber(++last)
      open.set(id.toString(), { namespace, bodies: rest, usedAt: Date.now() })
      return { id, bodies: batch }
    },
    next(id, batchSize) {
      const cursor = open.get(id.toString())
      if (!cursor) throw new CommandError(43, `cursor id ${id.toString()} not found`)
      const { batch, rest } = take(cursor.bodies, batchSize || Number.POSITIVE_INFINITY)
      if (rest.length === 0) open.delete(id.toString())
      else open.set(id.toString(), { ...cursor, bodies: rest, usedAt: Date.now() })
      return { id: rest.length === 0 ? BSON.Long.ZERO : id, bodies: batch, namespace: cursor.namespace }
    },
    killAll(namespace) {
      for (const [id, cursor] of open) if (cursor.namespace === namespace) open.delete(id)
    },
    kill: (id) => open.delete(id.toString()),
    close: () => clearInterval(timer),
  }
}

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
