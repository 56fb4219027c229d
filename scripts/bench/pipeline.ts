/**
 * From createIssue to the final status, on a stack of its own: how many a second, how long each takes, what it costs,
 * how that compares to the least it could cost, and whether it stays so when there is much on record.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MongoClient } from 'mongodb'
import { seedSampleData } from '../stack/samples/seed.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { createIssues, readCourses, untilAllDecided, untilRecorded } from './drive-issues.ts'
import { measureFloor, type Operations, readOperations } from './floor.ts'
import { cpuMicrosPerItem, percentile, readCpuSeconds, sum } from './processes.ts'

const HELP = `npm run bench:pipeline [-- --issues 2000 --stored 50000]

Measures the way of an issue on a stack of its own, in a directory that is removed afterwards.

  --issues N   how many issues are created at once (default 2000)
  --stored N   the cost per issue is compared between 500 and N stored issues (default 50000; 0 leaves it out)

The last line is one JSON object with the figures.`

const SAMPLE = 500

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

async function measure(stack: Stack) {
  const endpoint = { url: stack.graphql, token: stack.tokens!.operator }
  const recorder = { url: stack.graphql, token: stack.tokens!.admin }
  const { MONGODB_URI = '', REDIS_URL = '' } = stack.environmentOf('issues')
  const mongo = await MongoClient.connect(MONGODB_URI)
  let at = 0
  const runOnce = async (count: number) => {
    const before = readCpuSeconds(stack)
    const operationsBefore = await readOperations(mongo)
    const seconds = await createIssues(endpoint, count, `bench-${at++}`)
    await untilAllDecided(endpoint)
    await untilRecorded(recorder)
    const operations = difference(operationsBefore, await readOperations(mongo))
    return { seconds, operations, cpu: cpuMicrosPerItem(before, readCpuSeconds(stack), count) }
  }
  const costOf = async () => {
    const costs: number[] = []
    for (let round = 0; round < 3; round++) costs.push(sum(Object.values((await runOnce(SAMPLE)).cpu)))
    return costs.sort((a, b) => a - b)[1]!
  }

  console.log('Warming up …')
  await runOnce(SAMPLE)
  console.log(`Creating ${issues} issues …`)
  const { seconds, operations, cpu } = await runOnce(issues)
  const courses = await readCourses(endpoint, issues)
  const took = courses.map(({ createdAtMs, finalAtMs }) => finalAtMs - createdAtMs).sort((a, b) => a - b)
  const span = Math.max(...courses.map((one) => one.finalAtMs)) - Math.min(...courses.map((one) => one.createdAtMs))
  const decidedPerSecond = issues / (span / 1000)

  console.log('Measuring the floor …')
  const floor = await measureFloor({ mongoUri: MONGODB_URI, redisUrl: REDIS_URL }, { operations, issues })
  const perIssue = Object.entries(operations).map(([name, count]) => `${(count / issues).toFixed(1)} ${name}`)
  console.log(`
created/s   ${(issues / seconds).toFixed(0)}
decided/s   ${decidedPerSecond.toFixed(0)}   floor ${floor.toFixed(0)}   ratio ${(decidedPerSecond / floor).toFixed(2)}
create to final, all at once   p50 ${percentile(took, 0.5)} ms   p95 ${percentile(took, 0.95)} ms   p99 ${percentile(took, 0.99)} ms
MongoDB operations per issue   ${perIssue.join(', ')}
CPU µs per issue   ${Object.entries(cpu)
    .map(([name, micros]) => `${name} ${micros}`)
    .join(', ')}`)

  const growth = stored > 0 ? await measureGrowth(costOf, (count) => runOnce(count)) : null
  await mongo.close()
  return {
    bench: 'pipeline',
    createdPerSecond: Math.round(issues / seconds),
    decidedPerSecond: Math.round(decidedPerSecond),
    decidedPerFloor: Number((decidedPerSecond / floor).toFixed(3)),
    createToFinalP95Ms: percentile(took, 0.95),
    growth500to50k: growth,
  }
}

/** CPU per issue with much on record, over that with little; the little is what the runs before have left. */
async function measureGrowth(
  costOf: () => Promise<number>,
  fill: (count: number) => Promise<unknown>,
): Promise<number> {
  const few = await costOf()
  const already = SAMPLE * 4 + issues
  for (let filled = already; filled < stored; filled += 2000) {
    process.stdout.write(`\rfilling: ${filled} of ${stored} issues stored `)
    await fill(Math.min(2000, stored - filled))
  }
  const many = await costOf()
  console.log(`\nCPU µs per issue   with few stored ${few}, with ${stored} stored ${many}`)
  return Number((many / few).toFixed(3))
}

function difference(before: Operations, after: Operations): Operations {
  return {
    insert: after.insert - before.insert,
    update: after.update - before.update,
    query: after.query - before.query,
    command: after.command - before.command,
  }
}
