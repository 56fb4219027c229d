import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClaudeServer } from '../../../decision-service/test/claude-server.ts'
import type { DevRole } from '../../stack/keys/dev-tokens.ts'
import { createFileLog } from '../../stack/processes/log-file.ts'
import type { Endpoint } from '../../stack/samples/graphql-client.ts'
import { seedSampleData } from '../../stack/samples/seed.ts'
import { type Stack, startStack } from '../../stack/stack.ts'
import { type Clocks, openClocks } from './clocks.ts'
import { startModel, toModelEnvironment } from './model.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'
import { canMount, mountSmallDisk, type SmallDisk } from './small-disk.ts'
import { makeTable } from './table.ts'

const READY_MS = 240_000
export const GATEWAYS = ['gateway', 'gateway-2'] as const
export type Gateway = (typeof GATEWAYS)[number]

export const ENGINES = ['rules', 'ai'] as const
/** The engine that decides the issues. */
export type Engine = (typeof ENGINES)[number]

export type System = Readonly<{
  stack: Stack
  redis: RedisServer
  /** The disk of the database; null where none can be mounted. */
  disk: SmallDisk | null
  /** Null where clocks cannot be shifted. */
  clocks: Clocks | null
  /** Null where rules decide. */
  model: ClaudeServer | null
  engine: Engine
  /** Logs, data and keys. */
  directory: string
  endpoint: (role: DevRole, gateway: Gateway) => Endpoint
  pidOf: (process: string) => number | null
  /** Stops everything; `keep` leaves the directory. */
  stop: (options: Readonly<{ keep: boolean }>) => Promise<void>
}>

type Parts = Omit<System, 'stack' | 'endpoint' | 'pidOf' | 'stop'>

/** The whole of Redress as real processes, on data of its own. */
export async function startSystem(engine: Engine, signal: AbortSignal): Promise<System> {
  const directory = mkdtempSync(join(tmpdir(), 'redress-faults-'))
  const disk = canMount() ? mountSmallDisk(join(directory, 'disk')) : null
  const onLogLine = createFileLog(directory)
  const redis = await startRedisServer(directory, onLogLine)
  const model = engine === 'ai' ? await startModel() : null
  const parts: Parts = { redis, disk, clocks: openClocks(directory), model, engine, directory }
  try {
    const options = { dataDirectory: directory, gatewayPort: 0, logLevel: 'info', readyMs: READY_MS, onLogLine }
    const table = makeTable(parts.clocks)
    const stack = await startStack({ ...options, environment: toEnvironment(parts), signal, table })
    await seedSampleData(stack.environmentOf('issues'))
    return toSystem(stack, parts)
  } catch (error) {
    await closeParts(parts, { keep: false })
    throw error
  }
}

function toEnvironment({ redis, disk, model }: Parts): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    REDIS_URL: redis.url,
    // A service that was killed is asked again soon, which shortens the runs.
    BREAKER_OPEN_MS: '1000',
    RATE_LIMIT_MAX: '1000000',
    ...(disk && { DEVDB_PATH: join(disk.path, 'devdb.sqlite') }),
    ...(model && toModelEnvironment(model)),
  }
}

function toSystem(stack: Stack, parts: Parts): System {
  return {
    ...parts,
    stack,
    endpoint: (role, gateway) => {
      const url = new URL('/graphql', stack.processes[gateway]!.url).href
      return { url, token: stack.tokens![role] }
    },
    pidOf: (name) => (name === 'redis' ? parts.redis.pid() : (stack.processes[name]?.pid ?? null)),
    async stop(options) {
      await stack.stop()
      await closeParts(parts, options)
    },
  }
}

async function closeParts({ redis, model, disk, directory }: Parts, { keep }: Readonly<{ keep: boolean }>) {
  await redis.stop()
  await model?.close()
  disk?.remove(keep ? join(directory, 'disk-copy') : null)
  if (!keep) rmSync(directory, { recursive: true, force: true })
}
