const TICK_MS_MAX = 1_000

/**
 * Calls `beat` for every member once in `everyMs`, spread over the interval: ten thousand pings at the same moment would
 * delay everything else.
 */
export function createHeartbeat<Member>(everyMs: number, beat: (member: Member) => void) {
  const tickMs = Math.min(TICK_MS_MAX, everyMs)
  const slots = Array.from({ length: Math.round(everyMs / tickMs) }, () => new Set<Member>())
  const slotOf = new Map<Member, Set<Member>>()
  let ticking: NodeJS.Timeout | null = null
  let at = 0

  const tick = () => {
    at = (at + 1) % slots.length
    for (const member of slots[at]!) beat(member)
  }

  return {
    add(member: Member) {
      const slot = slots.reduce((least, one) => (one.size < least.size ? one : least))
      slot.add(member)
      slotOf.set(member, slot)
      ticking ??= setInterval(tick, tickMs).unref()
    },
    remove(member: Member) {
      slotOf.get(member)?.delete(member)
      slotOf.delete(member)
      if (slotOf.size > 0 || ticking === null) return
      clearInterval(ticking)
      ticking = null
    },
  }
}
