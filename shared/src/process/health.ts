import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson } from './http.ts'

/** Whether one dependency of this process works. A check has a deadline of its own. */
export type HealthCheck = () => Promise<boolean>

export type Health = Readonly<{
  /** Answers `/health` and `/health/ready`; false when the path is another. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Makes the process not ready, because it is about to stop. */
  drain: () => void
}>

/**
 * `/health` says only that the process runs: a restart does not help when a dependency is down.
 * `/health/ready` checks every dependency and answers 503 when one is down or the process is stopping; `details` are
 * added to its answer.
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
