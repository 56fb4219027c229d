import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import type { Supervised } from '../../stack/processes/supervise.ts'
import { signalProcess } from '../inject/signal-process.ts'
import { truncateAppendOnlyFile } from '../system/append-only-file.ts'
import type { RedisServer } from '../system/redis-server.ts'
import { type ChaosFault, describeChaosFault } from './faults-plan.ts'

type Place = Readonly<{
  redis: RedisServer
  processes: readonly Supervised[]
  say: (line: string) => void
  signal: AbortSignal
}>

/** Makes the faults happen, each at its moment. Resolves after the last one. */
export async function injectChaos(faults: readonly ChaosFault[], place: Place): Promise<void> {
  const beganAt = performance.now()
  for (const fault of faults) {
    await pause(Math.max(0, beganAt + fault.atMs - performance.now()), null, { signal: place.signal })
    if (fault.kind !== 'kill') place.say(describeChaosFault(fault))
    await inject(fault, place)
  }
}

async function inject(fault: ChaosFault, { redis, processes }: Place): Promise<void> {
  if (fault.kind === 'kill') {
    const process = processes.find(({ name }) => name === fault.target)
    return signalProcess(process?.pid() ?? null, 'SIGKILL')
  }
  if (fault.kind === 'redis-flushed') return flush(redis.url)
  await redis.whileDown(() => {
    if (fault.kind === 'redis-cut') truncateAppendOnlyFile(redis.directory(), fault.commands)
  })
}

async function flush(url: string): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  await client.flushAll()
  client.destroy()
}
