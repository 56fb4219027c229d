import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fromRoot } from './repository.ts'
import { findFreePort } from './stack/processes/free-port.ts'

const dataDirectory = mkdtempSync(join(tmpdir(), 'redress-start-'))
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
  ended.catch(() => {}) // It is stopped in the end; of interest only while it is to start.
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', () => said.includes('Ctrl-C stops everything.') && resolve())
  })
  return { child, said: () => said, started: Promise.race([started, ended]) }
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

afterAll(async () => {
  const running = supervisors.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  await Promise.all(running.map((child) => child.kill('SIGTERM') && once(child, 'exit')))
  rmSync(dataDirectory, { recursive: true, force: true })
})

// The tests depend on each other: each begins with the state that the one before has left.
describe('npm start', () => {
  let running = start()

  it('shows five sample issues being decided, and the addresses', async () => {
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

  it('writes the address and a token per role for tools, readable by their owner only', () => {
    const { tokens, ...rest } = JSON.parse(readFileSync(devFile, 'utf8'))

    expect(rest).toEqual({ graphql })
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

  it('has kept its data at the second start, and creates no new samples', async () => {
    running = start()
    await running.started

    const { tokens } = JSON.parse(readFileSync(devFile, 'utf8'))
    const answer = await fetch(graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.read_only}` },
      body: JSON.stringify({ query: '{ issues(first: 100) { totalCount } }' }),
    })

    expect(await answer.json()).toEqual({ data: { issues: { totalCount: 10 } } })
  })

  it('leaves no process when it is killed', async () => {
    const children = childrenOf(running.child.pid!)

    running.child.kill('SIGKILL')

    await expect.poll(() => children.filter(isRunning)).toEqual([])
  })
})
