import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../random.ts'
import type { Acknowledged, Refused } from './leader-process.ts'
import type { ChaosOrder } from './orders.ts'

const LANES = 16
const ANSWER_MS = 10_000
const AGAIN_MS = 200
/** Of the orders that are acknowledged, so many are sent again later. */
const REPEATED = 0.05

export type Sent = Readonly<{
  /** The id of the job, or of the first job of a flow, by the key of the order. */
  acknowledged: Map<string, string>
  /** Repeats that were answered with another job. */
  changed: string[]
  refusals: Map<string, number>
}>

type Options = Readonly<{
  urls: readonly string[]
  /** The orders are spread over so long. */
  overMs: number
  random: Random
  sent: Sent
  signal: AbortSignal
}>

export const createSent = (): Sent => ({ acknowledged: new Map(), changed: [], refusals: new Map() })

/** Sends every order until it is acknowledged, some of them twice. */
export async function sendOrders(orders: readonly ChaosOrder[], options: Options): Promise<void> {
  const { overMs, random, signal } = options
  const beganAt = performance.now()
  let next = 0
  const lane = async () => {
    while (next < orders.length) {
      const index = next++
      const dueInMs = beganAt + (index / orders.length) * overMs - performance.now()
      if (dueInMs > 0) await pause(dueInMs, null, { signal })
      await insist(orders[index]!, options)
      if (random.chance(REPEATED)) await insist(orders[random.below(index + 1)]!, options)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

async function insist(order: ChaosOrder, { urls, random, sent, signal }: Options): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const answer = await post(random.pick(urls), order, signal)
    if ('id' in answer) {
      const known = sent.acknowledged.get(order.key)
      if (known !== undefined && known !== answer.id) sent.changed.push(order.key)
      sent.acknowledged.set(order.key, answer.id)
      return
    }
    sent.refusals.set(answer.code, (sent.refusals.get(answer.code) ?? 0) + 1)
    await pause(AGAIN_MS, null, { signal })
  }
}

async function post(url: string, order: ChaosOrder, signal: AbortSignal): Promise<Acknowledged | Refused> {
  try {
    const late = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(order), signal: late })
    return (await response.json()) as Acknowledged | Refused
  } catch {
    return { code: 'no answer' }
  }
}
