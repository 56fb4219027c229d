/** Measures the queue platform beside BullMQ alone, how depth affects adding, and `addJob` through the gateway. */
import { parseArgs } from 'node:util'
import { startNeighbours } from './decide/neighbours.ts'
import { type Comparison, compareDepths, compareTiers, type Depth } from './queue/compare.ts'
import { type Latency, measureGateway } from './queue/gateway-latency.ts'
import type { Rates } from './queue/measure.ts'

const HELP = `npm run bench:queue [-- --rounds 5 --jobs 2000 --concurrency 200 --waiting 100000 --seconds 20]

Adds jobs to each tier of the queue platform and works on them, in turn with BullMQ alone (Queue.add and Worker) on the
same Redis, with the same data and options; adds to a queue in which many jobs wait, in turn with an empty one; and calls
addJob through the gateway of a stack, 200 times a second.

  --rounds N        rounds that count of each contestant (default 5); the results are medians
  --jobs N          jobs of a round (default 2000), added by 100 callers side by side
  --concurrency N   jobs that each worker runs side by side (default 200, as in the queue of decisions)
  --waiting N       jobs in the deep queue (default 100000; 0 for none)
  --seconds N       duration of the calls through the gateway (default 20; 0 for none)

BullMQ alone has no more than it needs: short ids of its own, and the data without the actor and the request. It has its
stream of events, which the platform leaves out. A figure per raw is the lower one of adding and of processing. The last
line is one JSON object with the figures.`

const CALLERS = 100
const GATEWAY_PER_SECOND = 200

const number = (value: string) => ({ type: 'string', default: value }) as const
const { values } = parseArgs({
  options: {
    rounds: number('5'),
    jobs: number('2000'),
    concurrency: number('200'),
    waiting: number('100000'),
    seconds: number('20'),
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const { help: _, ...given } = values
const options = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Number(value)])) as Record<
  keyof typeof given,
  number
>
if (Object.values(options).some((value) => !(Number.isInteger(value) && value >= 0))) throw new Error(HELP)

const { tiers, depths } = await measureQueues()
const latency = options.seconds === 0 ? null : await measureLatency()
console.log(JSON.stringify(toLastLine(tiers, depths, latency)))

async function measureQueues() {
  const neighbours = await startNeighbours({ durable: true })
  try {
    const { rounds, jobs, concurrency, waiting } = options
    console.log('Adding and processing jobs of each tier …')
    const tiers = await compareTiers(neighbours, { rounds, jobs, concurrency, callers: CALLERS })
    for (const tier of tiers) console.log(toTierText(tier))
    if (waiting > 0) console.log(`Filling queues with ${waiting} jobs …`)
    const depths: Depth[] = []
    for (const tier of waiting > 0 ? (['critical', 'important'] as const) : []) {
      depths.push(await compareDepths(neighbours, tier, { rounds, jobs, callers: CALLERS, waiting }))
      console.log(toDepthText(depths.at(-1)!))
    }
    return { tiers, depths }
  } finally {
    neighbours.stop()
  }
}

async function measureLatency(): Promise<Latency> {
  console.log(`Calling addJob through the gateway, ${GATEWAY_PER_SECOND} times a second …`)
  const latency = await measureGateway({ perSecond: GATEWAY_PER_SECOND, seconds: options.seconds })
  const { p50Ms, p95Ms, failed } = latency
  console.log(`addJob through the gateway   p50 ${p50Ms.toFixed(1)} ms   p95 ${p95Ms.toFixed(1)} ms   failed ${failed}`)
  return latency
}

function toTierText({ tier, ours, raw, addedPerRaw, processedPerRaw }: Comparison): string {
  const row = (of: 'added' | 'processed', ratio: number) =>
    `${tier.padEnd(10)} ${of.padEnd(10)} ${textOf(ours, of)}   BullMQ ${textOf(raw, of)}   ${ratio.toFixed(2)}`
  return [row('added', addedPerRaw), row('processed', processedPerRaw)].join('\n')
}

function textOf(rates: Rates, of: 'added' | 'processed'): string {
  return `${Math.round(rates[of])}/s (${Math.round(rates[`${of}Cpu`])} µs of CPU)`
}

function toDepthText({ tier, emptyPerSecond, deepPerSecond, deepPerEmpty }: Depth): string {
  const [deep, empty] = [Math.round(deepPerSecond), Math.round(emptyPerSecond)]
  return `${tier.padEnd(10)} added to a deep queue ${deep}/s, to an empty one ${empty}/s   ${deepPerEmpty.toFixed(2)}`
}

function toLastLine(tiers: readonly Comparison[], depths: readonly Depth[], latency: Latency | null) {
  const ratioOf = (name: string) => {
    const { addedPerRaw, processedPerRaw } = tiers.find(({ tier }) => tier === name)!
    return round(Math.min(addedPerRaw, processedPerRaw))
  }
  return {
    bench: 'queue',
    criticalPerRaw: ratioOf('critical'),
    importantPerRaw: ratioOf('important'),
    ephemeralPerRaw: ratioOf('ephemeral'),
    deepPerEmpty: depths.length === 0 ? null : round(Math.min(...depths.map(({ deepPerEmpty }) => deepPerEmpty))),
    addJobP95Ms: latency && round(latency.p95Ms),
    addJobFailed: latency?.failed ?? null,
    tiers: Object.fromEntries(
      tiers.map(({ tier, ours, addedPerRaw, processedPerRaw }) => [
        tier,
        {
          addedPerSecond: Math.round(ours.added),
          processedPerSecond: Math.round(ours.processed),
          addedCpuMicros: Math.round(ours.addedCpu),
          processedCpuMicros: Math.round(ours.processedCpu),
          addedPerRaw: round(addedPerRaw),
          processedPerRaw: round(processedPerRaw),
        },
      ]),
    ),
  }
}

function round(value: number): number {
  return Number(value.toFixed(2))
}
