import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
import { launchNode } from './launch-node.ts'
import type { LogLine } from './log-lines.ts'
import { supervise } from './supervise.ts'

const FIXTURE = fileURLToPath(new URL('../../testing/fixture-service.ts', import.meta.url))

const { PATH, NODE_COMPILE_CACHE } = process.env

/** Supervises the fixture; `FIXTURE_…` variables say how it behaves. */
function superviseFixture(test: TestContext, behaviour: Record<string, string> = {}, { readyMs = 120_000 } = {}) {
  const lines: LogLine[] = []
  const supervised = supervise(
    {
      name: 'fixture',
      port: 0,
      launch: (port) => launchNode(FIXTURE, { PATH, NODE_COMPILE_CACHE, PORT: String(port), ...behaviour }),
    },
    { readyMs, onLogLine: (line) => lines.push(line) },
  )
  test.onTestFinished(() => supervised.stop('SIGKILL'))
  const said = () => lines.filter(({ from }) => from === 'supervisor').map(({ text }) => text)
  return { supervised, lines, said }
}

const environmentAt = async (url: string) => (await (await fetch(url)).json()) as Record<string, string>

// Concurrent, because they mostly wait.
describe.concurrent('a supervised process', () => {
  it('that is killed is logged, and restarted at the same address after a delay that doubles', async (test) => {
    const { supervised, said } = superviseFixture(test)
    const url = await supervised.ready

    process.kill(supervised.pid()!, 'SIGKILL')
    await test.expect.poll(said).toContain('fixture is ready again')
    expect(await environmentAt(url)).toMatchObject({ PORT: new URL(url).port })
    process.kill(supervised.pid()!, 'SIGKILL')
    await test.expect.poll(supervised.restarts).toBe(2)

    expect(said()).toEqual([
      'fixture ended (SIGKILL), restarting in 0.25 s',
      'fixture is ready again',
      'fixture ended (SIGKILL), restarting in 0.5 s',
    ])
  })

  it('that reports a wrong configuration is not restarted, and the error has its last lines', async (test) => {
    const { supervised, said } = superviseFixture(test, { FIXTURE_EXIT: '78' })

    const failure = await supervised.ready.catch((error: unknown) => error)

    expect(failure).toMatchObject({ exitCode: 78, message: expect.stringContaining('does not want to run') })
    expect(said()).toEqual([])
  })

  it('that ends five times before it serves is given up', async (test) => {
    const { supervised, said } = superviseFixture(test, { FIXTURE_EXIT: '3' })

    const failure = await supervised.ready.catch((error: unknown) => error)

    expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining('exit code 3') })
    expect(said()).toHaveLength(4)
  })

  it('that does not serve in time is killed, and the error has its last lines', async (test) => {
    const { supervised } = superviseFixture(test, { FIXTURE_MUTE: 'yes' }, { readyMs: 5_000 })

    const failure = await supervised.ready.catch((error: unknown) => error)

    expect(failure).toMatchObject({ message: expect.stringMatching(/^fixture .*not ready after 5 s[\s\S]*starting/) })
    expect(supervised.pid()).toBeNull()
  })

  it('has every line of its output passed on', async (test) => {
    const { supervised, lines } = superviseFixture(test)

    await supervised.ready

    await test.expect
      .poll(() => lines)
      .toContainEqual({
        process: 'fixture',
        from: 'stdout',
        text: '{"level":30,"service":"fixture","msg":"starting"}',
      })
  })

  it('that is stopped is not restarted', async (test) => {
    const { supervised, said } = superviseFixture(test)
    await supervised.ready

    await supervised.stop('SIGTERM')

    expect(supervised.pid()).toBeNull()
    expect(said()).toEqual([])
  })
})
