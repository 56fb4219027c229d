import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson } from './http.ts'

/** Whether one thing this process depends on works; it must answer by itself within its own deadline. */
export type HealthCheck = () => Promise<boolean>

export type Health = Readonly<{
  /** Answers `/health` and `/health/ready`; false when the path is another. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean
  /** From now on not ready: the process is about to stop. */
  drain: () => void
}>

/**
 * `/health` only says that the process runs: a restart cures nothing when a dependency is down.
 * `/health/ready` looks at every dependency and answers 503 when one is down or the process is stopping; `details` is
 * what it says beside that.
 */
export function createHealth(
  service: string,
  checks: Readonly<Record<string, HealthCheck>>,
  details: () => Readonly<Record<string, unknown>> = () => ({}),
): Health {
  let draining = false

  const answerReady = async (response: ServerResponse) => {
    const names = Object.keys(checks)
    const results = await Promise.all(names.map((name) => checks[name]!().catch(() => false)))
    const ready = !draining && results.every(Boolean)
    answerJson(response, ready ? 200 : 503, {
      status: draining ? 'stopping' : ready ? 'ready' : 'not ready',
      service,
      dependencies: Object.fromEntries(names.map((name, index) => [name, results[index] ? 'up' : 'down'])),
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
