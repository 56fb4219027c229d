import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  copyAppendOnlyFiles,
  removeAppendOnlyFiles,
  restoreAppendOnlyFiles,
  truncateAppendOnlyFile,
} from '../system/append-only-file.ts'
import type { System } from '../system/system.ts'

/** Kills Redis, and starts it again without any data. */
export function wipeRedis({ redis }: System, { forMs }: Readonly<{ forMs: number }>): Promise<void> {
  return redis.whileDown(async () => {
    removeAppendOnlyFiles(redis.directory())
    await pause(forMs)
  })
}

/** Kills Redis, and starts it again without its last commands. */
export function truncateRedis({ redis }: System, { entries }: Readonly<{ entries: number }>): Promise<void> {
  return redis.whileDown(() => truncateAppendOnlyFile(redis.directory(), entries))
}

/** A replica that was cut off from Redis takes over its address. */
export function failOverRedis({ redis }: System, { lagMs }: Readonly<{ lagMs: number }>): Promise<void> {
  return redis.failOver(lagMs)
}

/** Copies what Redis has written; kills it after `lagMs`, and starts it with the copy. */
export async function restoreRedis(
  { redis, directory }: System,
  { lagMs }: Readonly<{ lagMs: number }>,
  signal: AbortSignal,
): Promise<void> {
  const copy = join(directory, `redis-copy-${Math.random().toString(36).slice(2)}`)
  copyAppendOnlyFiles(redis.directory(), copy)
  await pause(lagMs, null, { signal })
  await redis.whileDown(() => restoreAppendOnlyFiles(redis.directory(), copy))
}
