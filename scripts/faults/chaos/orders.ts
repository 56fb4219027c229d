import type { ChaosData, ChaosType } from '../../../decision-service/test/chaos-jobs.ts'
import type { Random } from '../../random.ts'

export type ChaosJob = Readonly<{ type: ChaosType; data: ChaosData; delayMs?: number; priority?: number }>

/** One call of the load: a job, or a flow whose first job waits for the others. Its key makes repeats harmless. */
export type ChaosOrder = Readonly<{ key: string; jobs: readonly ChaosJob[] }>

/** Of a hundred jobs. */
const SHARES: readonly (readonly [ChaosType, number])[] = [
  ['chaos-charge', 35],
  ['chaos-settle', 15],
  ['chaos-report', 10],
  ['chaos-mail', 25],
  ['chaos-track', 15],
]
/** More failures than a job has attempts. */
export const FAILS_FOR_GOOD = 1_000
const FLOW_SHARE = 0.04
const DELAY_MAX_MS = 20_000

/** Orders with `count` jobs in all, of every tier: some are delayed, some fail a few times or for good, some are flows. */
export function makeOrders(random: Random, count: number): readonly ChaosOrder[] {
  const orders: ChaosOrder[] = []
  for (let jobs = 0; jobs < count; ) {
    const key = `order-${orders.length}`
    const isFlow = random.chance(FLOW_SHARE) && count - jobs >= 3
    const order = isFlow ? makeFlow(random, key) : { key, jobs: [makeJob(random, key, pickType(random))] }
    jobs += order.jobs.length
    orders.push(order)
  }
  return orders
}

function makeFlow(random: Random, key: string): ChaosOrder {
  const children = ['chaos-charge', 'chaos-settle'] as const
  const jobs = (['chaos-report', ...children] as const).map((type, index) => makeJob(random, `${key}-${index}`, type))
  // A job of a flow has no delay of its own.
  return { key, jobs: jobs.map(({ delayMs: _, ...job }) => job) }
}

function makeJob(random: Random, order: string, type: ChaosType): ChaosJob {
  return {
    type,
    data: { order, failures: pickFailures(random), latencyMs: pickLatencyMs(random) },
    ...(random.chance(0.15) && { delayMs: 1 + random.below(DELAY_MAX_MS) }),
    ...(random.chance(0.3) && { priority: 1 + random.below(10) }),
  }
}

function pickType(random: Random): ChaosType {
  let left = random.below(100)
  for (const [type, share] of SHARES) {
    if (left < share) return type
    left -= share
  }
  throw new RangeError('The shares are less than a hundred.')
}

function pickFailures(random: Random): number {
  if (random.chance(0.01)) return FAILS_FOR_GOOD
  return random.chance(0.1) ? 1 + random.below(3) : 0
}

/** Some are long enough for a kill to meet them. */
const pickLatencyMs = (random: Random) => (random.chance(0.1) ? 100 + random.below(500) : 2 + random.below(30))
