import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DevRole } from '../../stack/keys/dev-tokens.ts'
import { createFileLog } from '../../stack/processes/log-file.ts'
import type { Endpoint } from '../../stack/samples/graphql-client.ts'
import { seedSampleData } from '../../stack/samples/seed.ts'
import { type Stack, startStack } from '../../stack/stack.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'
import { canMount, mountSmallDisk, type SmallDisk } from './small-disk.ts'
import { FAULTS_TABLE } from './table.ts'

const READY_MS = 240_000
export const GATEWAYS = ['gateway', 'gateway-2'] as const
export type Gateway = (typeof GATEWAYS)[number]

export type System = Readonly<{
  stack: Stack
  redis: RedisServer
  /** The disk of the database; null where none can be mounted. */
  disk: SmallDisk | null
  /** Logs, data and keys. */
  directory: string
  endpoint: (role: DevRole, gateway: Gateway) => Endpoint
  pidOf: (process: string) => number | null
  /** Stops everything; `keep` leaves the directory. */
  stop: (options: Readonly<{ keep: boolean }>) => Promise<void>
}>

/** The whole of Redress as real processes, on data of its own. */
export async function startSystem(signal: AbortSignal): Promise<System> {
  const directory = mkdtempSync(join(tmpdir(), 'redress-faults-'))
  mkdirSync(join(directory, 'redis'))
  const disk = canMount() ? mountSmallDisk(join(directory, 'disk')) : null
  const onLogLine = createFileLog(directory)
  const redis = await startRedisServer(join(directory, 'redis'), onLogLine)
  const remove = (keep: boolean) => {
    disk?.remove(keep ? join(directory, 'disk-copy') : null)
    if (!keep) rmSync(directory, { recursive: true, force: true })
  }
  try {
    const environment = toEnvironment(redis.url, disk)
    const options = { dataDirectory: directory, gatewayPort: 0, logLevel: 'info', readyMs: READY_MS, onLogLine }
    const stack = await startStack({ ...options, environment, signal, table: FAULTS_TABLE })
    await seedSampleData(stack.environmentOf('issues'))
    return toSystem({ stack, redis, disk, directory, remove })
  } catch (error) {
    await redis.stop()
    remove(false)
    throw error
  }
}

function toEnvironment(redisUrl: string, disk: SmallDisk | null): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    REDIS_URL: redisUrl,
    // A service that was killed is asked again soon, which shortens the runs.
    BREAKER_OPEN_MS: '1000',
    RATE_LIMIT_MAX: '1000000',
    ...(disk && { DEVDB_PATH: join(disk.path, 'devdb.sqlite') }),
  }
}

type Parts = Pick<System, 'stack' | 'redis' | 'disk' | 'directory'> & Readonly<{ remove: (keep: boolean) => void }>

function toSystem({ remove, ...parts }: Parts): System {
  const { stack, redis } = parts
  return {
    ...parts,
    endpoint: (role, gateway) => {
      const url = new URL('/graphql', stack.processes[gateway]!.url).href
      return { url, token: stack.tokens![role] }
    },
    pidOf: (name) => (name === 'redis' ? redis.pid() : (stack.processes[name]?.pid ?? null)),
    async stop({ keep }) {
      await stack.stop()
      await redis.stop()
      remove(keep)
    },
  }
}
