import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from 'redis'
import { describe, expect, it, type TestContext } from 'vitest'
import { FIXTURE_TABLE } from '../testing/fixture-table.ts'
import { createTemporaryDirectory } from '../testing/temporary-directory.ts'
import { type StackOptions, startStack } from './stack.ts'

const SUPERVISOR = fileURLToPath(new URL('../testing/fixture-supervisor.ts', import.meta.url))
const { PATH, NODE_COMPILE_CACHE } = process.env

async function startFixtureStack(test: TestContext, options: Partial<StackOptions> = {}) {
  const stack = await startStack({
    dataDirectory: createTemporaryDirectory(test),
    gatewayPort: 0,
    environment: { PATH, NODE_COMPILE_CACHE },
    table: FIXTURE_TABLE,
    ...options,
  })
  test.onTestFinished(stack.kill)
  return stack
}

const environmentAt = async (url: string) => (await (await fetch(url)).json()) as Record<string, string>

function isRunning(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false
  }
}

// Concurrent, because they mostly wait.
describe.concurrent('a stack', () => {
  it('gives each process only the addresses and keys that it needs', async (test) => {
    const { processes } = await startFixtureStack(test, {
      environment: { PATH, NODE_COMPILE_CACHE, COLOUR: 'blue', ENCRYPTION_KEY: 'ab'.repeat(32) },
    })

    const issues = await environmentAt(processes.issues!.url)
    const gateway = await environmentAt(processes.gateway!.url)

    expect(issues).toMatchObject({ REDIS_URL: processes.redis!.url, COLOUR: 'blue', ENCRYPTION_KEY: 'ab'.repeat(32) })
    expect(gateway).toMatchObject({
      ISSUES_URL: processes.issues!.url,
      PLAYGROUND_CODE: expect.stringMatching(/^[\w-]{22}$/),
    })
    expect(issues.PLAYGROUND_CODE).toBeUndefined()
    expect(gateway.ENCRYPTION_KEY).toBeUndefined()
  })

  it('starts several instances of a process, each at its own address', async (test) => {
    const { processes } = await startFixtureStack(test, { replicas: { issues: 2 } })

    expect(Object.keys(processes).sort()).toEqual(['gateway', 'issues', 'issues-2', 'redis'])
    expect(processes['issues-2']!.url).not.toBe(processes.issues!.url)
  })

  it('uses a given store instead of starting one', async (test) => {
    const REDIS_URL = 'redis://127.0.0.1:1'

    const { processes } = await startFixtureStack(test, { environment: { PATH, NODE_COMPILE_CACHE, REDIS_URL } })

    expect(Object.keys(processes).sort()).toEqual(['gateway', 'issues'])
    expect(await environmentAt(processes.issues!.url)).toMatchObject({ REDIS_URL })
  })

  it('restarts a Redis that was killed, at the same address', async (test) => {
    const stack = await startFixtureStack(test)
    const { url, pid } = stack.processes.redis!

    process.kill(pid!, 'SIGKILL')

    await test.expect.poll(() => stack.processes.redis?.restarts).toBe(1)
    await test.expect.poll(() => answersPing(url)).toBe(true)
  })

  it('makes its keys readable by their owner only', async (test) => {
    const dataDirectory = createTemporaryDirectory(test)

    await startFixtureStack(test, { dataDirectory })

    for (const file of ['keys.json', 'jwt-public.pem'])
      expect(statSync(join(dataDirectory, file)).mode & 0o777).toBe(0o600)
  })

  it('refuses a data directory that another stack uses', async (test) => {
    const dataDirectory = createTemporaryDirectory(test)
    await startFixtureStack(test, { dataDirectory })

    const second = startFixtureStack(test, { dataDirectory })

    await expect(second).rejects.toThrow(/already runs/)
  })

  it('starts nothing when its port is in use', async (test) => {
    const dataDirectory = createTemporaryDirectory(test)
    const other = createServer().listen(0, '127.0.0.1')
    test.onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as { port: number }

    const refused = startFixtureStack(test, { dataDirectory, gatewayPort: port })

    await expect(refused).rejects.toThrow(`Port ${port} is in use`)
    expect(() => statSync(join(dataDirectory, 'redis'))).toThrow()
  })

  it('stops all processes when one is not configured, and unlocks its data directory', async (test) => {
    const dataDirectory = createTemporaryDirectory(test)

    const refused = startFixtureStack(test, {
      dataDirectory,
      environment: { PATH, NODE_COMPILE_CACHE, FIXTURE_EXIT: '78' },
    })

    await expect(refused).rejects.toMatchObject({ name: 'StackError', exitCode: 78 })
    await expect(startFixtureStack(test, { dataDirectory })).resolves.toBeDefined()
  })

  it('can be interrupted while it starts', async (test) => {
    const dataDirectory = createTemporaryDirectory(test)
    const environment = { PATH, NODE_COMPILE_CACHE, FIXTURE_MUTE: 'yes' }

    const interruption = new AbortController()
    const interrupted = startFixtureStack(test, {
      dataDirectory,
      environment,
      signal: interruption.signal,
      onLogLine: () => interruption.abort(),
    })

    await expect(interrupted).rejects.toThrow(/interrupted/)
    await expect(startFixtureStack(test, { dataDirectory })).resolves.toBeDefined()
  })

  it('ends even when a process ignores the signal', async (test) => {
    const stack = await startFixtureStack(test, { environment: { PATH, NODE_COMPILE_CACHE, FIXTURE_DEAF: 'yes' } })
    const pids = Object.values(stack.processes).map(({ pid }) => pid)

    await stack.stop()

    expect(pids.filter(isRunning)).toEqual([])
  })

  it.for<[string, Record<string, string>]>([
    ['listens', {}],
    ['does not listen', { FIXTURE_DEAF: 'yes' }],
  ])('whose supervisor is killed ends, even when it %s', async ([_, behaviour], test) => {
    const supervisor = spawn(process.execPath, [SUPERVISOR], {
      env: { PATH, NODE_COMPILE_CACHE, FIXTURE_DATA: createTemporaryDirectory(test), ...behaviour },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    test.onTestFinished(() => void supervisor.kill('SIGKILL'))
    const [text] = await once(supervisor.stdout, 'data')
    const pids = JSON.parse(String(text)) as number[]

    supervisor.kill('SIGKILL')

    expect(pids).toHaveLength(3)
    await test.expect.poll(() => pids.filter(isRunning)).toEqual([])
  })
})

async function answersPing(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    client.destroy()
  }
}
