/** The least and the most time from one round of work to the next. Milliseconds. */
export type Gather = Readonly<{ leastMs: number; mostMs: number }>

/** The events of one round from which on there is a backlog: fewer are no reason to make the next one wait. */
const BACKLOG = 50

/**
 * How long to wait until the next round: while there is a backlog as long as the last round took, within bounds, so that
 * fewer and larger rounds do the same work; otherwise the least time, also on a machine on which rounds take long.
 */
export function createGather({ leastMs, mostMs }: Gather, monotonicMs: () => number = () => performance.now()) {
  let beganAtMs = 0
  let events = 0
  return {
    begin() {
      beganAtMs = monotonicMs()
      events = 0
    },
    add(count: number) {
      events += count
    },
    waitMs(): number {
      return events < BACKLOG ? leastMs : Math.max(leastMs, Math.min(monotonicMs() - beganAtMs, mostMs))
    },
  }
}
