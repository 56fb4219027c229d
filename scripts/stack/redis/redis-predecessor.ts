import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 25
const WAIT_MS = 6_000

export const redisPidFileIn = (directory: string): string => `${directory}/redis.pid`

/**
 * Waits up to WAIT_MS for the Redis of a supervisor that was just killed: Redis does not lock its append-only file, and
 * two instances would corrupt it.
 */
export async function untilPredecessorEnded(directory: string): Promise<void> {
  const pid = Number.parseInt(readText(redisPidFileIn(directory)) ?? '', 10)
  const deadline = Date.now() + WAIT_MS
  while (isRedis(pid) && Date.now() < deadline) await pause(POLL_MS)
}

/** After a reboot, another program may have the process id. */
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
