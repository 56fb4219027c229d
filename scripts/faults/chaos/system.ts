import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from '@redress/shared/process/config.ts'
import { MongoClient } from 'mongodb'
import { LimitsEnvironment, toLimitsConfig } from '../../../decision-service/src/jobs/limits/limits-config.ts'
import { launchNode } from '../../stack/processes/launch-node.ts'
import { createFileLog } from '../../stack/processes/log-file.ts'
import { type Supervised, supervise } from '../../stack/processes/supervise.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'
import { type ProviderServer, startProvider } from './provider.ts'

const READY_MS = 120_000
const DATABASE = 'redress_decisions'
const DEVDB = fileURLToPath(new URL('../../../infra/devdb/src/main.ts', import.meta.url))
const programOf = (name: string) => fileURLToPath(new URL(`${name}-process.ts`, import.meta.url))

/** Calls a second: enough for ten thousand jobs in minutes, and few enough to be reached. */
const RATES = { RATE_LIMIT_STRIPE: '40', RATE_LIMIT_SENDGRID: '40' }

export type ChaosSystem = Readonly<{
  directory: string
  redis: RedisServer
  mongo: MongoClient
  database: string
  provider: ProviderServer
  /** Starts processes of a program, numbered from 1, and resolves when they serve. */
  start: (program: 'worker' | 'leader' | 'tick', count: number) => Promise<readonly Supervised[]>
  stop: (options: Readonly<{ keep: boolean }>) => Promise<void>
}>

/** The stores and the provider of a chaos run, on data of their own. */
export async function startChaosSystem(): Promise<ChaosSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'redress-chaos-'))
  const onLogLine = createFileLog(directory)
  const options = { readyMs: READY_MS, onLogLine }
  const redis = await startRedisServer(directory, onLogLine)
  const provider = await startProvider(toLimitsConfig(readEnvironment(LimitsEnvironment, RATES), NO_MODEL).figures)
  const devdb = { ...process.env, DEVDB_PATH: join(directory, 'devdb.sqlite') }
  const database = supervise(
    { name: 'devdb', port: 0, launch: (port) => launchNode(DEVDB, { ...devdb, DEVDB_PORT: String(port) }) },
    options,
  )
  const mongoUri = await database.ready
  const mongo = await MongoClient.connect(mongoUri)
  const environment = toEnvironment({ mongoUri, redisUrl: redis.url, providerUrl: provider.url })
  const processes: Supervised[] = []
  return {
    ...{ directory, redis, mongo, database: DATABASE, provider },
    async start(program, count) {
      const started = Array.from({ length: count }, (_, index) => {
        const name = `${program}-${index + 1}`
        const launch = (port: number) => launchNode(programOf(program), { ...environment, ...portsOf(port) })
        return supervise({ name, port: 0, launch }, options)
      })
      processes.push(...started)
      await Promise.all(started.map(({ ready }) => ready))
      return started
    },
    async stop({ keep }) {
      await Promise.all(processes.map((one) => one.stop('SIGKILL')))
      await mongo.close()
      await database.stop('SIGKILL')
      await redis.stop()
      await provider.close()
      if (!keep) rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A process keeps its port over restarts. */
const portsOf = (port: number) => ({ WORKER_PORT: String(port), DECISIONS_PORT: String(port) })
const NO_MODEL = { concurrency: 1, perMinute: 1 }

type Addresses = Readonly<{ mongoUri: string; redisUrl: string; providerUrl: string }>

function toEnvironment({ mongoUri, redisUrl, providerUrl }: Addresses): NodeJS.ProcessEnv {
  return {
    ...{ PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, LOG_LEVEL: 'info' },
    ...{ MONGODB_URI: mongoUri, REDIS_URL: redisUrl, DECISIONS_DATABASE: DATABASE, PROVIDER_URL: providerUrl },
    ...{ WORKER_QUEUES: 'money,communication,background', ...RATES },
    // Needed by the configuration of the subgraph, and used by nothing that runs here.
    ...{
      INTERNAL_PUBLIC_KEY: 'unused',
      ISSUES_URL: 'http://127.0.0.1:9',
      DOWNLOAD_KEY: randomBytes(32).toString('hex'),
    },
  }
}
