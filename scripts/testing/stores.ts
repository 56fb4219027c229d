import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { findFreePort } from '../stack/processes/free-port.ts'
import { type Launched, launchNode } from '../stack/processes/launch-node.ts'
import { findOrInstallRedis, readMachine } from '../stack/redis/find-redis.ts'
import { launchRedis } from '../stack/redis/launch-redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    mongoUri: string
    redisUrl: string
  }
}

const READY_MS = 240_000
const STOP_MS = 3_000
const DEVDB_PROCESS = fileURLToPath(new URL('devdb-process.ts', import.meta.url))

/**
 * One database and one Redis for all integration tests, which keep apart by random names. Real ones are used
 * where MONGODB_TEST_URI and REDIS_TEST_URL name them.
 */
export async function setup({ provide }: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'redress-test-'))
  const { MONGODB_TEST_URI, REDIS_TEST_URL } = process.env
  const started: Launched[] = []
  const use = (launched: Launched) => {
    started.push(launched)
    return untilReady(launched)
  }
  const stop = async () => {
    await Promise.all(started.map(({ child }) => end(child)))
    await rm(directory, { recursive: true, force: true })
  }

  try {
    const [mongoUri, redisUrl] = await Promise.all([
      MONGODB_TEST_URI ||
        use(launchNode(DEVDB_PROCESS, { ...process.env, DEVDB_PATH: join(directory, 'devdb.sqlite') })),
      REDIS_TEST_URL || use(await launchTestRedis(directory)),
    ])
    provide('mongoUri', mongoUri)
    provide('redisUrl', redisUrl)
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

async function launchTestRedis(directory: string): Promise<Launched> {
  const program = findOrInstallRedis(readMachine(process.env), (line) => process.stderr.write(`${line}\n`))
  return launchRedis({ program, port: await findFreePort(), directory, durable: false })
}

async function untilReady({ child, ready }: Launched): Promise<string> {
  let said = ''
  child.stdout?.resume()
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`A test store ended: ${said}`)))
  const tooLate = AbortSignal.timeout(READY_MS)
  const late = once(tooLate, 'abort').then(() => Promise.reject(new Error(`A test store is not ready: ${said}`)))
  return await Promise.race([ready, ended, late])
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const straggler = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await once(child, 'exit')
  clearTimeout(straggler)
}
