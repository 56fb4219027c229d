import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson } from './http.ts'

/** Whether one dependency of this process works. A check has a deadline of its own. */
export type HealthCheck = () => Promise<boolean>
export type HealthChecks = Readonly<Record<string, HealthCheck>>

/** How long results are kept: shorter while something is down, so that its return is noticed. */
const UP_MS = 1_000
const DOWN_MS = 250

type Options = Readonly<{
  /** Without one of these the process is degraded: it answers what it can, and does the rest once they are back. */
  optionalChecks?: HealthChecks | undefined
  /** The status in the answer of `/health/ready`. */
  details?: () => Readonly<Record<string, unknown>>
  /** In ms, for how long results are kept. */
  now?: () => number
}>

export type Health = Readonly<{
  /** Answers `/health` and `/health/ready`; false when the path is another. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Makes the process not ready, because it is about to stop. */
  drain: () => void
}>

/**
 * `/health` says only that the process runs: a restart does not help when a dependency is down.
 * `/health/ready` checks every dependency, at most about once a second, and answers 503 when one of `checks` or everything
 * is down, or the process is stopping.
 */
export function createHealth(
  service: string,
  checks: HealthChecks,
  { optionalChecks = {}, details = () => ({}), now = () => performance.now() }: Options = {},
): Health {
  let draining = false
  const check = createChecks(checks, optionalChecks, now)

  const answerReady = async (response: ServerResponse) => {
    const { needed, useful } = await check()
    const status = draining ? 'stopping' : statusOf(needed, useful)
    const isReady = status === 'ready' || status === 'degraded'
    answerJson(response, isReady ? 200 : 503, {
      ...{ status, service, dependencies: { ...needed, ...useful } },
      ...details(),
    })
  }

  return {
    answer: (request, response) => {
      if (request.url === '/health') answerJson(response, 200, { status: 'running', service })
      else if (request.url === '/health/ready') void answerReady(response)
      else return false
      return true
    },
    drain: () => {
      draining = true
    },
  }
}

type Checked = Readonly<{ needed: Results; useful: Results }>

/** Runs the checks once for all who ask meanwhile, and keeps the results for a moment. */
function createChecks(checks: HealthChecks, optionalChecks: HealthChecks, now: () => number): () => Promise<Checked> {
  let running: Promise<Checked> | null = null
  let known: Readonly<{ checked: Checked; until: number }> | null = null

  const checkAll = async (): Promise<Checked> => {
    const [needed, useful] = await Promise.all([run(checks), run(optionalChecks)])
    const checked = { needed, useful }
    known = { checked, until: now() + (allUp({ ...needed, ...useful }) ? UP_MS : DOWN_MS) }
    return checked
  }
  return () => {
    if (known !== null && now() < known.until) return Promise.resolve(known.checked)
    running ??= checkAll().finally(() => {
      running = null
    })
    return running
  }
}

type Results = Readonly<Record<string, 'up' | 'down'>>

async function run(checks: HealthChecks): Promise<Results> {
  const results = Object.entries(checks).map(async ([name, check]) => {
    return [name, (await check().catch(() => false)) ? 'up' : 'down'] as const
  })
  return Object.fromEntries(await Promise.all(results))
}

/** Without anything that is up, nothing can be answered. */
function statusOf(needed: Results, useful: Results): 'ready' | 'degraded' | 'not ready' {
  const all = Object.values({ ...needed, ...useful })
  if (!allUp(needed) || (all.length > 0 && !all.includes('up'))) return 'not ready'
  return allUp(useful) ? 'ready' : 'degraded'
}

const allUp = (results: Results) => Object.values(results).every((result) => result === 'up')
