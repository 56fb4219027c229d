import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { connectRedis } from '@redress/shared/stores/redis.ts'
import { appendTexts, openStreams } from '@redress/shared/testing/published-events.ts'
import { readMetrics } from '../../gateway/test/read-metrics.ts'
import { findFreePort } from '../stack/processes/free-port.ts'
import { launchNode } from '../stack/processes/launch-node.ts'
import { findOrInstallRedis, readMachine } from '../stack/redis/find-redis.ts'
import { launchRedis } from '../stack/redis/launch-redis.ts'
import { readCpuMicros, readRssMegabytes } from './gateway/process-usage.ts'
import { percentile } from './processes.ts'

const HELP = `npm run bench:subscriptions [-- --clients 5000 --events 60]

Publishes events, one at a time, to a gateway process with WebSocket subscribers in another process, all with the same
operation, and measures the time until they have received it.

  --clients N   the number of subscribers (default 5000)
  --events N    the number of events (default 60)

The last line is one JSON object with the figures.`

const FEW = 100
/** Events that are not counted, until the code is compiled. */
const WARM_UP = 15
const BETWEEN_MS = 20
const SETTLE_MS = 500

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '5000' },
    events: { type: 'string', default: '60' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const clientsMax = Number(values.clients)
const events = Number(values.events)

type Started = Readonly<{ url: string; pid: number; token: string }>

const directory = mkdtempSync(join(tmpdir(), 'redress-bench-'))
const started: ChildProcess[] = []
try {
  console.log(JSON.stringify(await measure()))
} finally {
  for (const child of started.reverse()) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
process.exit(0)

async function measure() {
  const system = await startSystem()
  const { gateway } = system
  const deliverMany = createDelivery(system)

  await open(system, FEW, FEW)
  const first = (await deliverMany(FEW)).map((latencies) => latencies[0]!).sort(ascending)
  const rssBefore = readRssMegabytes(gateway.said.pid)

  console.log(`Opening ${clientsMax} sockets …`)
  await open(system, clientsMax - FEW, clientsMax)
  const before = await readUsage(system)
  const fanOuts = await deliverMany(clientsMax)
  const after = await readUsage(system)
  const last = fanOuts.map((latencies) => latencies.at(-1)!).sort(ascending)
  const rssKiBEach = ((readRssMegabytes(gateway.said.pid) - rssBefore) * 1024) / (clientsMax - FEW)
  const cpuMs = (name: 'gatewayMicros' | 'clientsMicros') => (after[name] - before[name]) / 1000 / (WARM_UP + events)
  console.log(`
first client of ${FEW}         ${toLine(first)}
all ${clientsMax} clients have it   ${toLine(last)}
each of ${clientsMax} clients       ${toLine(fanOuts.flat().sort(ascending))}
CPU for each event          gateway ${cpuMs('gatewayMicros').toFixed(0)} ms   clients ${cpuMs('clientsMicros').toFixed(0)} ms
calls of the subgraph ${after.calls - before.calls} for ${WARM_UP + events} events
resident memory ${rssKiBEach.toFixed(1)} KiB each`)
  system.publisher.destroy()
  return {
    bench: 'subscriptions',
    fanoutP95Ms: Number(percentile(last, 0.95).toFixed(1)),
    firstClientP95Ms: Number(percentile(first, 0.95).toFixed(1)),
    rssKiBEach: Number(rssKiBEach.toFixed(1)),
  }
}

type Program = Readonly<{ child: ChildProcess; said: Started }>
type System = Awaited<ReturnType<typeof startSystem>>

async function startSystem() {
  const redisUrl = await startRedis()
  const publisher = await connectRedis(redisUrl, { name: 'bench', logger: createLogger('bench', { level: 'silent' }) })
  await openStreams(publisher)
  // All subscriptions have the same caller, who by default may open fewer.
  const gateway = await start('gateway-process', { REDIS_URL: redisUrl, SUBSCRIPTIONS_PER_CALLER: String(clientsMax) })
  const { url, token } = gateway.said
  const GATEWAY_URL = `${url.replace('http', 'ws')}/graphql`
  return { publisher, gateway, clients: await start('clients-process', { GATEWAY_URL, TOKEN: token }) }
}

/** Publishes events one at a time. Returns for each the times after which `count` clients had it, ascending. */
function createDelivery({ publisher, clients }: System) {
  const deliver = async (count: number): Promise<readonly number[]> => {
    const id = `bench-${process.hrtime.bigint()}`
    const arrived = reply(clients.child, { expect: [id, count] })
    await appendTexts(publisher, STREAMS.issues, [toEvent(id)])
    const { latenciesMs } = (await arrived) as { latenciesMs: number[] }
    return latenciesMs.sort(ascending)
  }
  return async (count: number): Promise<readonly (readonly number[])[]> => {
    const all: (readonly number[])[] = []
    for (let event = 0; event < WARM_UP + events; event++) {
      all.push(await deliver(count))
      await pause(BETWEEN_MS)
    }
    return all.slice(WARM_UP)
  }
}

/** Opens `count` more subscriptions and waits until the gateway has `total`. */
async function open({ gateway, clients }: System, count: number, total: number): Promise<void> {
  await reply(clients.child, { open: count })
  for (;;) {
    const metrics = await readMetrics(gateway.said.url)
    const live = /^subscriptions_open\{field="issueStatusChanged"\} (\d+)$/m.exec(metrics)?.[1]
    await pause(SETTLE_MS)
    if (Number(live) === total) return
  }
}

async function readUsage({ gateway, clients }: System) {
  const { calls } = (await reply(gateway.child, {})) as { calls: number }
  return { calls, gatewayMicros: readCpuMicros(gateway.said.pid), clientsMicros: readCpuMicros(clients.child.pid!) }
}

async function startRedis(): Promise<string> {
  const program = findOrInstallRedis(readMachine(process.env), console.log)
  const { child, ready } = launchRedis({ program, port: await findFreePort(), directory, durable: false })
  started.push(child)
  return ready
}

async function start(name: string, environment: Readonly<Record<string, string>>): Promise<Program> {
  const file = fileURLToPath(new URL(`../../gateway/test/subscriptions/${name}.ts`, import.meta.url))
  const { child } = launchNode(file, { ...process.env, ...environment })
  started.push(child)
  child.stdout?.pipe(process.stdout)
  child.stderr?.pipe(process.stderr)
  const gone = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended`)))
  const [said] = await Promise.race([once(child, 'message'), gone])
  return { child, said: said as Started }
}

async function reply(child: ChildProcess, message: object): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(message)
  return (await answer)[0]
}

function toEvent(issueId: string): string {
  return JSON.stringify({
    id: `${issueId}-2`,
    type: 'issue.status_changed',
    at: new Date().toISOString(),
    actor: 'bench',
    requestId: null,
    ip: null,
    entity: { type: 'Issue', id: issueId },
    changes: {},
    data: { customerId: 'cust_042', from: 'PENDING', to: 'PROCESSING', decisionId: null },
  })
}

function ascending(a: number, b: number): number {
  return a - b
}

function toLine(sorted: readonly number[]): string {
  const ms = (share: number) => `${percentile(sorted, share).toFixed(1)} ms`
  return `p50 ${ms(0.5)}   p95 ${ms(0.95)}   p99 ${ms(0.99)}`
}
