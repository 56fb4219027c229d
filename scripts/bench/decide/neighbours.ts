import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../../stack/processes/free-port.ts'
import { launchNode } from '../../stack/processes/launch-node.ts'
import { findOrInstallRedis, readMachine } from '../../stack/redis/find-redis.ts'
import { launchRedis } from '../../stack/redis/launch-redis.ts'

export type LocalModel = Readonly<{ url: string; latestQuestion: () => Promise<string> }>

/** The stores and the model, each in a process of its own, so that they use none of the engine's CPU. */
export type Neighbours = Readonly<{
  redisUrl: string
  mongoUri: string
  startModel: (environment: Readonly<Record<string, string>>) => Promise<LocalModel>
  /** Of the stores. */
  pids: readonly number[]
  stop: () => void
}>

const DEVDB = fileURLToPath(new URL('../../../infra/devdb/src/main.ts', import.meta.url))
const MODEL = fileURLToPath(new URL('answer-process.ts', import.meta.url))

/** Redis is `durable` where the measured work relies on its append-only file. */
export async function startNeighbours({ durable = false } = {}): Promise<Neighbours> {
  const directory = mkdtempSync(join(tmpdir(), 'redress-bench-'))
  const started: ChildProcess[] = []
  const start = ({ child, ready }: ReturnType<typeof launchNode>) => {
    started.push(child)
    child.stdout?.resume()
    child.stderr?.pipe(process.stderr)
    const gone = once(child, 'exit').then(() => Promise.reject(new Error('A process of the benchmark ended.')))
    return Promise.race([ready, gone])
  }
  const stop = () => {
    for (const child of started.reverse()) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const program = findOrInstallRedis(readMachine(process.env), console.log)
    const devdb = { ...process.env, DEVDB_PATH: join(directory, 'devdb.sqlite') }
    const [redisUrl, mongoUri] = await Promise.all([
      start(launchRedis({ program, port: await findFreePort(), directory, durable })),
      start(launchNode(DEVDB, devdb)),
    ])
    return {
      redisUrl,
      mongoUri,
      pids: started.map(({ pid }) => pid!),
      stop,
      async startModel(environment) {
        const launched = launchNode(MODEL, { ...process.env, ...environment })
        const url = await start(launched)
        return { url, latestQuestion: () => askForLatest(launched.child) }
      },
    }
  } catch (error) {
    stop()
    throw error
  }
}

async function askForLatest(child: ChildProcess): Promise<string> {
  const answered = once(child, 'message')
  child.send({ latest: true })
  const [{ latest }] = (await answered) as [{ latest: string }]
  return latest
}
