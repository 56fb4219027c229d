import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { callGraphql, type Endpoint } from '../../stack/samples/graphql-client.ts'
import { startStack } from '../../stack/stack.ts'
import { percentile } from '../processes.ts'

const ADD = 'mutation Add($input: AddJobInput!) { addJob(input: $input) { isNew } }'
/** Code is compiled while it runs. */
const WARM_UP_SHARE = 0.25

export type Latency = Readonly<{ p50Ms: number; p95Ms: number; failed: number }>

/**
 * `addJob` through the gateway of a stack of its own, at a fixed rate whether or not earlier calls have been answered:
 * each is measured from the moment when it was due.
 */
export async function measureGateway({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<Latency> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'redress-bench-'))
  const environment = { PATH: process.env.PATH, RATE_LIMIT_MAX: '1000000', ADDRESS_RATE_LIMIT_MAX: '1000000' }
  const stack = await startStack({ dataDirectory, gatewayPort: 0, logLevel: 'warn', environment })
  try {
    const endpoint = { url: stack.graphql, token: stack.tokens!.operator }
    const took = await callAtRate(endpoint, { perSecond, calls: perSecond * seconds })
    const counted = took.slice(took.length * WARM_UP_SHARE)
    const answered = counted.filter((ms) => ms !== null).sort((a, b) => a - b)
    return {
      p50Ms: percentile(answered, 0.5),
      p95Ms: percentile(answered, 0.95),
      failed: counted.length - answered.length,
    }
  } finally {
    await stack.stop()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

/** Milliseconds of each call; null where it failed. */
async function callAtRate(endpoint: Endpoint, { perSecond, calls }: { perSecond: number; calls: number }) {
  const beganAt = performance.now()
  const running: Promise<number | null>[] = []
  while (running.length < calls) {
    const dueAt = beganAt + (running.length / perSecond) * 1_000
    const waitMs = dueAt - performance.now()
    if (waitMs > 0) await pause(waitMs)
    running.push(
      addOne(endpoint, running.length).then(
        () => performance.now() - dueAt,
        () => null,
      ),
    )
  }
  return Promise.all(running)
}

function addOne(endpoint: Endpoint, number: number) {
  const data = { eventType: 'bench.added', userId: `user-${number}`, timestamp: new Date().toISOString(), data: {} }
  return callGraphql(endpoint, ADD, { input: { type: 'analytics-track', data } })
}
