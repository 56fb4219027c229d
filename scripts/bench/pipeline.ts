/**
 * Measures issues from createIssue to their final status on a stack of its own: throughput, latency, CPU and MongoDB
 * operations, the ratio to a floor measured in the same run, the ratio to an older commit that runs in turns with this
 * one, and the growth of the cost with many stored issues.
 */
import { parseArgs } from 'node:util'
import { fromRoot } from '../repository.ts'
import { measureFloor } from './pipeline/floor.ts'
import { checkOut } from './pipeline/older-tree.ts'
import { cpuOf, type Run, type Subject, startSubject } from './pipeline/subject.ts'
import { percentile } from './processes.ts'

const HELP = `npm run bench:pipeline [-- --issues 2000 --rounds 3 --stored 50000 --against <commit>]

Measures issues from creation to their final status, on a stack of its own in a temporary directory.

  --issues N           the number of issues that are created at once (default 2000)
  --rounds N           how often; the figures are those of the median round by decided/s (default 3)
  --stored N           compares the cost per issue between 500 and N stored issues (default 50000; 0 for no comparison)
  --against <commit>   runs an older commit in turns with the working tree, each on a stack of its own

The last line is one JSON object with the figures.`

const SAMPLE = 500
const FILL = 2000
/** Until then V8 compiles: a third of the CPU of the first 2,000 issues, still a sixth of that of the next 2,000. */
const WARM_UP = 4000

const { values } = parseArgs({
  options: {
    issues: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    stored: { type: 'string', default: '50000' },
    against: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const issues = Number(values.issues)
const rounds = Number(values.rounds)
const stored = Number(values.stored)

console.log(JSON.stringify(await measure()))

async function measure() {
  using older = values.against === undefined ? null : checkOut(values.against)
  console.log('Starting …')
  await using subject = await startSubject(fromRoot('.'))
  await using olderSubject = older && (await startSubject(older.root))

  const { now, old } = await runInTurns(subject, olderSubject)
  console.log('Measuring the floor …')
  const floor = await measureFloor(subject.stores, now.issues)
  const perOld = old && now.decidedPerSecond / old.decidedPerSecond
  print(now, { floor, old })
  const growth = stored > 0 ? await measureGrowth(subject) : null
  return {
    bench: 'pipeline',
    createdPerSecond: Math.round(now.createdPerSecond),
    decidedPerSecond: Math.round(now.decidedPerSecond),
    decidedPerFloor: toFixed(now.decidedPerSecond / floor, 3),
    createToFinalP95Ms: percentile(now.tookMs, 0.95),
    growth500to50k: growth,
    cpuMsPerIssue: toFixed(cpuOf(now) / 1000, 2),
    insertsPerIssue: toFixed(now.operations.insert / issues, 1),
    perOld: perOld && toFixed(perOld, 2),
  }
}

async function runInTurns(subject: Subject, older: Subject | null): Promise<Readonly<{ now: Run; old: Run | null }>> {
  console.log('Warming up …')
  for (let done = 0; done < WARM_UP; done += FILL) {
    await subject.run(FILL)
    await older?.run(FILL)
  }
  const now: Run[] = []
  const old: Run[] = []
  for (let round = 1; round <= rounds; round++) {
    console.log(`Creating ${issues} issues, ${round} of ${rounds} …`)
    now.push(await subject.run(issues))
    if (older) old.push(await older.run(issues))
  }
  return { now: medianOf(now), old: older && medianOf(old) }
}

function medianOf(runs: readonly Run[]): Run {
  return percentile(
    runs.toSorted((a, b) => a.decidedPerSecond - b.decidedPerSecond),
    0.5,
  )
}

function print(now: Run, { floor, old }: Readonly<{ floor: number; old: Run | null }>): void {
  console.log(`
created/s   ${now.createdPerSecond.toFixed(0)}
decided/s   ${now.decidedPerSecond.toFixed(0)}   floor ${floor.toFixed(0)}   ratio ${(now.decidedPerSecond / floor).toFixed(2)}`)
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(now.tookMs, share))
  console.log(`create to final, all at once   p50 ${p50} ms   p95 ${p95} ms   p99 ${p99} ms`)
  printCost('', now)
  if (old === null) return
  console.log(`${values.against}: decided/s   ${old.decidedPerSecond.toFixed(0)}`)
  printCost(`${values.against}: `, old)
}

function printCost(prefix: string, run: Run): void {
  const perIssue = Object.entries(run.operations).map(([name, count]) => `${(count / run.issues).toFixed(1)} ${name}`)
  const cpu = Object.entries(run.cpu).map(([name, micros]) => `${name} ${micros}`)
  console.log(`${prefix}MongoDB operations per issue   ${perIssue.join(', ')}`)
  console.log(`${prefix}CPU µs per issue   ${cpuOf(run)}: ${cpu.join(', ')}`)
}

/** The CPU per issue with `stored` issues stored, divided by that with only those of the runs before. */
async function measureGrowth(subject: Subject): Promise<number> {
  const few = await medianCost(subject)
  const already = WARM_UP + SAMPLE * 3 + issues * rounds
  for (let filled = already; filled < stored; filled += FILL) {
    process.stdout.write(`\rfilling: ${filled} of ${stored} issues stored `)
    await subject.run(Math.min(FILL, stored - filled))
  }
  const many = await medianCost(subject)
  console.log(`\nCPU µs per issue   with few stored ${few}, with ${stored} stored ${many}`)
  return toFixed(many / few, 3)
}

/** CPU of all processes in microseconds per issue: the median of three runs. */
async function medianCost(subject: Subject): Promise<number> {
  const costs: number[] = []
  for (let round = 0; round < 3; round++) costs.push(cpuOf(await subject.run(SAMPLE)))
  return costs.sort((a, b) => a - b)[1]!
}

function toFixed(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
