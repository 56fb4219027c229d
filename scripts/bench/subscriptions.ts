import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import { createClient } from 'redis'
import { launchNode } from '../stack/processes/launch-node.ts'
import { findOrInstallRedis, readMachine } from '../stack/redis/find-redis.ts'
import { findFreePort, launchRedis } from '../stack/redis/launch-redis.ts'
import { readCpuMicros, readRssMegabytes } from './gateway/process-usage.ts'
import { percentile } from './processes.ts'

const HELP = `npm run bench:subscriptions [-- --clients=N] [--events=N]

Publishes events to a gateway (the real program) that N WebSocket clients (default 5000) in another process have subscribed to, each with
the same operation, and measures when they have it. One event at a time, N of them (default 60).

The last line is one JSON object with the figures.`

const FEW = 100
/** Events before the figures count: code is compiled while it runs. */
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
  const redisUrl = await startRedis()
  const publisher = createClient({ url: redisUrl })
  await publisher.connect()
  // One caller opens all of them, which no caller may do by default.
  const gateway = await start('gateway-process', { REDIS_URL: redisUrl, SUBSCRIPTIONS_PER_CALLER: String(clientsMax) })
  const { url, pid, token } = gateway.said
  const GATEWAY_URL = `${url.replace('http', 'ws')}/graphql`
  const clients = await start('clients-process', { GATEWAY_URL, TOKEN: token })
  const calls = async () => ((await reply(gateway.child, {})) as { calls: number }).calls
  const cpuMicros = () => [pid, clients.child.pid!].map(readCpuMicros)

  /** Publishes one event; when each of `count` clients had it. */
  const deliver = async (count: number): Promise<readonly number[]> => {
    const id = `bench-${process.hrtime.bigint()}`
    const arrived = reply(clients.child, { expect: [id, count] })
    await publisher.xAdd(STREAMS.issues, '*', { event: toEvent(id) })
    const { latenciesMs } = (await arrived) as { latenciesMs: number[] }
    return latenciesMs.sort((a, b) => a - b)
  }
  const deliverMany = async (count: number) => {
    const all: (readonly number[])[] = []
    for (let event = 0; event < WARM_UP + events; event++) {
      all.push(await deliver(count))
      await pause(BETWEEN_MS)
    }
    return all.slice(WARM_UP)
  }
  const untilLive = async (count: number) => {
    for (;;) {
      const metrics = await (await fetch(`${url}/metrics`)).text()
      const open = /^subscriptions_open\{field="issueStatusChanged"\} (\d+)$/m.exec(metrics)?.[1]
      await pause(SETTLE_MS)
      if (Number(open) === count) return
    }
  }

  await reply(clients.child, { open: FEW })
  await untilLive(FEW)
  const first = (await deliverMany(FEW)).map((latencies) => latencies[0]!).sort(ascending)
  const rssBefore = readRssMegabytes(pid)

  console.log(`Opening ${clientsMax} sockets …`)
  await reply(clients.child, { open: clientsMax - FEW })
  await untilLive(clientsMax)
  const cpuBefore = cpuMicros()
  const callsBefore = await calls()
  const fanOuts = await deliverMany(clientsMax)
  const cpu = cpuMicros().map((micros, index) => (micros - cpuBefore[index]!) / 1000 / (WARM_UP + events))
  const [gatewayCpu = '', clientsCpu = ''] = cpu.map((millis) => millis.toFixed(0))

  const callsMade = (await calls()) - callsBefore
  const last = fanOuts.map((latencies) => latencies.at(-1)!).sort(ascending)
  const each = fanOuts.flat().sort(ascending)
  const rssKiBEach = ((readRssMegabytes(pid) - rssBefore) * 1024) / (clientsMax - FEW)
  console.log(`
first client of ${FEW}         p50 ${ms(first, 0.5)}   p95 ${ms(first, 0.95)}   p99 ${ms(first, 0.99)}
all ${clientsMax} clients have it   p50 ${ms(last, 0.5)}   p95 ${ms(last, 0.95)}   p99 ${ms(last, 0.99)}
each of ${clientsMax} clients       p50 ${ms(each, 0.5)}   p95 ${ms(each, 0.95)}   p99 ${ms(each, 0.99)}
CPU for each event          gateway ${gatewayCpu} ms   clients ${clientsCpu} ms
calls of the subgraph ${callsMade} for ${WARM_UP + events} events
resident memory ${rssKiBEach.toFixed(1)} KiB each`)
  publisher.destroy()
  return {
    bench: 'subscriptions',
    fanoutP95Ms: Number(percentile(last, 0.95).toFixed(1)),
    firstClientP95Ms: Number(percentile(first, 0.95).toFixed(1)),
    rssKiBEach: Number(rssKiBEach.toFixed(1)),
  }
}

async function startRedis(): Promise<string> {
  const program = findOrInstallRedis(readMachine(process.env), console.log)
  const { child, ready } = launchRedis({ program, port: await findFreePort(), directory, durable: false })
  started.push(child)
  return ready
}

async function start(name: string, environment: Readonly<Record<string, string>>) {
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

function ms(sorted: readonly number[], share: number): string {
  return `${percentile(sorted, share).toFixed(1)} ms`
}
