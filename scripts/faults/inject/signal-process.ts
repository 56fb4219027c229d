import { createClient } from 'redis'
import type { Target } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'

const LEADER_KEY = 'leader:relay:events:issues'
const ASK_MS = 500

/** The process id of a target; null while it is not running. */
export async function findPid(system: System, target: Target): Promise<number | null> {
  return target === 'relay-leader' ? await findLeader(system) : system.pidOf(target)
}

/** The holder of the lease names its process id; null where Redis is away or there is no leader. */
async function findLeader({ redis, stack }: System): Promise<number | null> {
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: false, connectTimeout: ASK_MS } })
  client.on('error', () => {})
  const late = setTimeout(() => client.destroy(), ASK_MS)
  try {
    await client.connect()
    const pid = Number((await client.get(LEADER_KEY))?.split(':')[0])
    return Object.values(stack.processes).some((process) => process.pid === pid) ? pid : null
  } catch {
    return null
  } finally {
    clearTimeout(late)
    if (client.isOpen) client.destroy()
  }
}

/** Sends a signal to a process that may have ended. */
export function signalProcess(pid: number | null, signal: NodeJS.Signals): void {
  if (pid === null) return
  try {
    process.kill(pid, signal)
  } catch {
    // It ended meanwhile.
  }
}
