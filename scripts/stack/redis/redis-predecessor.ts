import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 25
const WAIT_MS = 6_000

export const redisPidFileIn = (directory: string): string => `${directory}/redis.pid`

/**
 * Waits, within limits, for the Redis of a supervisor that was killed a moment ago: two of them on one
 * append-only file would spoil it, and Redis itself does not lock it.
 */
export async function untilPredecessorEnded(directory: string): Promise<void> {
  const pid = Number.parseInt(readText(redisPidFileIn(directory)) ?? '', 10)
  const deadline = Date.now() + WAIT_MS
  while (isRedis(pid) && Date.now() < deadline) await pause(POLL_MS)
}

/** After a restart of the machine the number may belong to anybody. */
function isRedis(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return /redis|valkey/.test(readText(`/proc/${pid}/cmdline`) ?? 'redis')
  } catch {
    return false
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
