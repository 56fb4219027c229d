import { type Bounds, backoffMs } from './backoff.ts'

type Look = Readonly<{ times: number; nextMs: number }>

/** Remembers when each of some things, by id, is to be looked at again: less and less often while it stays as it is. */
export function createLooks(bounds: Bounds) {
  let looks: ReadonlyMap<string, Look> = new Map()
  return {
    isNew: (id: string): boolean => !looks.has(id),
    /** A new id is due. */
    isDue: (id: string, nowMs: number): boolean => (looks.get(id)?.nextMs ?? 0) <= nowMs,
    /** Notes that these were looked at. What was due as well, and is not among them, is forgotten. */
    note(ids: readonly string[], nowMs: number): void {
      const noted = new Map([...looks].filter(([, { nextMs }]) => nextMs > nowMs))
      for (const id of ids) {
        const times = (looks.get(id)?.times ?? 0) + 1
        noted.set(id, { times, nextMs: nowMs + backoffMs(times, bounds) })
      }
      looks = noted
    },
  }
}
