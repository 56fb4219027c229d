import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fromRoot } from '../../scripts/repository.ts'
import { findFreePort } from '../../scripts/stack/processes/free-port.ts'
import { createDataDirectory } from './system.ts'

const dataDirectory = createDataDirectory()
const port = await findFreePort()
const { PATH, NODE_COMPILE_CACHE } = process.env
const environment = { PATH, NODE_COMPILE_CACHE, PORT: String(port), REDRESS_DATA: dataDirectory }
const devFile = join(dataDirectory, 'dev.json')
const graphql = `http://127.0.0.1:${port}/graphql`

const supervisors: ChildProcess[] = []

/** Runs `npm start` as npm does. `said` returns its output so far. */
function start() {
  const child = spawn(process.execPath, [fromRoot('scripts/start.ts')], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  supervisors.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = once(child, 'close').then(() => Promise.reject(new Error(`npm start has ended:\n${said}`)))
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', () => said.includes('Ctrl-C stops everything.') && resolve())
  })
  const startedOrEnded = Promise.race([started, ended])
  // It is stopped or killed in the end; of interest only to a test that waits for its start.
  startedOrEnded.catch(() => {})
  return { child, said: () => said, started: startedOrEnded }
}

const run = (script: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [fromRoot(`scripts/${script}.ts`), ...args], { env: environment, encoding: 'utf8' })

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/**
 * Declares the tests of `npm start`: each begins with the state that the one before has left. The last one leaves the data
 * of ten issues in `dataDirectory`, and no process.
 */
export function describeNpmStart(): { dataDirectory: string } {
  describe('npm start', () => {
    let running: ReturnType<typeof start>
    afterAll(async () => {
      const left = supervisors.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      await Promise.all(left.map((child) => child.kill('SIGTERM') && once(child, 'exit')))
    })

    it('shows five sample issues being decided, and the addresses', async () => {
      running = start()
      await running.started

      const rows = running
        .said()
        .split('\n')
        .filter((line) => /^\S+ +(decline|missed_installment|dispute|refund_request) /.test(line))
      const cells = rows.map((row) => row.split(/ {2,}/).slice(1))
      expect(rows).toHaveLength(5)
      expect(cells).toEqual(
        expect.arrayContaining([
          ['decline', 'retry_payment', '85 %', 'auto_resolve'],
          ['missed_installment', 'send_reminder', '75 %', 'human_review'],
          ['dispute', 'escalate', '40 %', 'escalate'],
        ]),
      )
      expect(running.said()).toContain(graphql)
    })

    it('prints a first query that works when pasted', () => {
      const command = running
        .said()
        .split('\n')
        .find((line) => line.startsWith('curl '))

      const { stdout } = spawnSync('sh', ['-c', command ?? ''], { encoding: 'utf8' })

      const { data } = JSON.parse(stdout)
      expect(data.issues.nodes).toHaveLength(5)
      expect(data.issues.nodes[0].decision).toMatchObject({ action: expect.any(String), reasoning: expect.any(String) })
    })

    it('writes the addresses and a token per role for tools, readable by their owner only', () => {
      const { tokens, ...rest } = JSON.parse(readFileSync(devFile, 'utf8'))

      expect(rest).toEqual({ graphql, mongodb: expect.stringMatching(/^mongodb:\/\/127\.0\.0\.1:\d+\//) })
      expect(Object.keys(tokens)).toEqual(['admin', 'reviewer', 'operator', 'read_only'])
      expect(statSync(devFile).mode & 0o777).toBe(0o600)
    })

    it('serves npm run demo, which has five more issues decided', () => {
      const { status, stdout } = run('demo')

      expect(stdout).toContain('5 of 5 issues were decided.')
      expect(status).toBe(0)
    })

    it('refuses a second start, and a reset, on its data', () => {
      expect(run('start')).toMatchObject({ status: 1, stderr: expect.stringContaining('already runs') })
      expect(run('reset', '--yes')).toMatchObject({ status: 1, stderr: expect.stringContaining('already runs') })
    })

    it('ends on Ctrl-C, although npm forwards it a second time, and leaves no process', async () => {
      const children = childrenOf(running.child.pid!)

      running.child.kill('SIGINT')
      running.child.kill('SIGINT')
      const [exitCode] = await once(running.child, 'exit')

      expect(exitCode).toBe(0)
      expect(children.length).toBeGreaterThanOrEqual(7)
      expect(children.filter(isRunning)).toEqual([])
    })

    it('is what npm run demo asks for once it is stopped', () => {
      expect(run('demo')).toMatchObject({ status: 1, stderr: expect.stringContaining('npm start') })
    })

    it('leaves no process when it is killed while it starts', async () => {
      const { child } = start()
      await expect.poll(() => childrenOf(child.pid!).length, { interval: 5 }).toBeGreaterThan(1)
      const children = childrenOf(child.pid!)

      child.kill('SIGKILL')

      await expect.poll(() => children.filter(isRunning)).toEqual([])
    })
  })
  return { dataDirectory }
}
