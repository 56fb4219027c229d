/**
 * Measures issues from createIssue to their final status on a stack of its own: throughput, latency, CPU and MongoDB
 * operations, the ratio to a floor measured in the same run, and the growth of the cost with many stored issues.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MongoClient } from 'mongodb'
import type { Endpoint } from '../stack/samples/graphql-client.ts'
import { seedSampleData } from '../stack/samples/seed.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { createIssues, readCourses, untilAllDecided, untilRecorded } from './drive-issues.ts'
import { measureFloor, type Operations, readOperations } from './floor.ts'
import { cpuMicrosPerItem, percentile, readCpuSeconds, sum } from './processes.ts'

const HELP = `npm run bench:pipeline [-- --issues 2000 --stored 50000]

Measures issues from creation to their final status, on a stack of its own in a temporary directory.

  --issues N   the number of issues that are created at once (default 2000)
  --stored N   compares the cost per issue between 500 and N stored issues (default 50000; 0 for no comparison)

The last line is one JSON object with the figures.`

const SAMPLE = 500
const FILL = 2000

const { values } = parseArgs({
  options: {
    issues: { type: 'string', default: '2000' },
    stored: { type: 'string', default: '50000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const issues = Number(values.issues)
const stored = Number(values.stored)

const dataDirectory = mkdtempSync(join(tmpdir(), 'redress-bench-'))
console.log('Starting a stack …')
const stack = await startStack({
  dataDirectory,
  gatewayPort: 0,
  logLevel: 'warn',
  environment: { PATH: process.env.PATH },
})
try {
  await seedSampleData(stack.environmentOf('issues'))
  console.log(JSON.stringify(await measure(stack)))
} finally {
  await stack.stop()
  rmSync(dataDirectory, { recursive: true, force: true })
}

type Run = Readonly<{ seconds: number; operations: Operations; cpu: Readonly<Record<string, number>> }>
type RunOnce = (count: number) => Promise<Run>

async function measure(stack: Stack) {
  const endpoint = { url: stack.graphql, token: stack.tokens!.operator }
  const { MONGODB_URI = '', REDIS_URL = '' } = stack.environmentOf('issues')
  const mongo = await MongoClient.connect(MONGODB_URI)
  const runOnce = createRunner(stack, endpoint, mongo)

  console.log('Warming up …')
  await runOnce(SAMPLE)
  console.log(`Creating ${issues} issues …`)
  const run = await runOnce(issues)
  const courses = await readCourses(endpoint, issues)
  const took = courses.map(({ createdAtMs, finalAtMs }) => finalAtMs - createdAtMs).sort((a, b) => a - b)
  const span = Math.max(...courses.map((one) => one.finalAtMs)) - Math.min(...courses.map((one) => one.createdAtMs))

  console.log('Measuring the floor …')
  const floor = await measureFloor(
    { mongoUri: MONGODB_URI, redisUrl: REDIS_URL },
    { operations: run.operations, issues },
  )
  const perSecond = { created: issues / run.seconds, decided: issues / (span / 1000), floor }
  print(run, perSecond, took)
  const growth = stored > 0 ? await measureGrowth(runOnce) : null
  await mongo.close()
  return {
    bench: 'pipeline',
    createdPerSecond: Math.round(perSecond.created),
    decidedPerSecond: Math.round(perSecond.decided),
    decidedPerFloor: Number((perSecond.decided / floor).toFixed(3)),
    createToFinalP95Ms: percentile(took, 0.95),
    growth500to50k: growth,
  }
}

/** Creates issues and waits until all are decided and audited; measures the time, the operations and the CPU. */
function createRunner(stack: Stack, endpoint: Endpoint, mongo: MongoClient): RunOnce {
  const auditor = { url: stack.graphql, token: stack.tokens!.admin }
  let at = 0
  return async (count) => {
    const before = readCpuSeconds(stack)
    const operationsBefore = await readOperations(mongo)
    const seconds = await createIssues(endpoint, count, `bench-${at++}`)
    await untilAllDecided(endpoint)
    await untilRecorded(auditor)
    const operations = difference(operationsBefore, await readOperations(mongo))
    return { seconds, operations, cpu: cpuMicrosPerItem(before, readCpuSeconds(stack), count) }
  }
}

type PerSecond = Readonly<{ created: number; decided: number; floor: number }>

function print({ operations, cpu }: Run, { created, decided, floor }: PerSecond, took: readonly number[]): void {
  const perIssue = Object.entries(operations).map(([name, count]) => `${(count / issues).toFixed(1)} ${name}`)
  const cpuOf = Object.entries(cpu).map(([name, micros]) => `${name} ${micros}`)
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(took, share))
  console.log(`
created/s   ${created.toFixed(0)}
decided/s   ${decided.toFixed(0)}   floor ${floor.toFixed(0)}   ratio ${(decided / floor).toFixed(2)}
create to final, all at once   p50 ${p50} ms   p95 ${p95} ms   p99 ${p99} ms
MongoDB operations per issue   ${perIssue.join(', ')}
CPU µs per issue   ${cpuOf.join(', ')}`)
}

/** The CPU per issue with `stored` issues stored, divided by that with only those of the runs before. */
async function measureGrowth(runOnce: RunOnce): Promise<number> {
  const few = await medianCost(runOnce)
  const already = SAMPLE * 4 + issues
  for (let filled = already; filled < stored; filled += FILL) {
    process.stdout.write(`\rfilling: ${filled} of ${stored} issues stored `)
    await runOnce(Math.min(FILL, stored - filled))
  }
  const many = await medianCost(runOnce)
  console.log(`\nCPU µs per issue   with few stored ${few}, with ${stored} stored ${many}`)
  return Number((many / few).toFixed(3))
}

/** CPU of all processes in microseconds per issue: the median of three runs. */
async function medianCost(runOnce: RunOnce): Promise<number> {
  const costs: number[] = []
  for (let round = 0; round < 3; round++) costs.push(sum(Object.values((await runOnce(SAMPLE)).cpu)))
  return costs.sort((a, b) => a - b)[1]!
}

function difference(before: Operations, after: Operations): Operations {
  return {
    insert: after.insert - before.insert,
    update: after.update - before.update,
    query: after.query - before.query,
    command: after.command - before.command,
  }
}
