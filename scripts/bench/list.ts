/** Measures the reads of lists as they grow, batches of issues, and the import of rows. */
import { parseArgs } from 'node:util'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { startNeighbours } from './decide/neighbours.ts'
import { measureBatch } from './list/batch.ts'
import type { Cost } from './list/cpu.ts'
import { measureImport } from './list/import.ts'
import { type Growth, measureGrowth } from './list/reads.ts'
import { openBenchService } from './list/service.ts'

const HELP = `npm run bench:list [-- --few 10000 --many 500000 --rounds 7]

Reads lists of the issues service with few and with many customers and issues stored, in turns; creates one issue and a
hundred at once; imports pages of 1,000 customers beside the bare writes of the same documents.

  --few N      customers, and issues, of the small database (default 10000)
  --many N     those of the large one (default 500000; 0 for no reads)
  --rounds N   rounds that count of each measurement (default 7)

Ratios are of the CPU of the service and of the database together, medians of the rounds. The time of a read is its 95th
percentile. The last line is one JSON object with the figures.`

const { values } = parseArgs({
  options: {
    few: { type: 'string', default: '10000' },
    many: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '7' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const [few, many, rounds] = [Number(values.few), Number(values.many), Number(values.rounds)]
if (!(few >= 1_000 && many >= 0 && rounds >= 1)) throw new Error(HELP)

const ratioOf = (a: Cost, b: Cost) => a.cpuMicros / b.cpuMicros
const round = (value: number) => Number(value.toFixed(2))
const textOf = ({ cpuMicros, ms }: Cost) => `${Math.round(cpuMicros)} µs of CPU, p95 ${ms.toFixed(2)} ms`

console.log(JSON.stringify(await measure()))

async function measure() {
  console.log('Starting the database …')
  await using resources = new AsyncDisposableStack()
  const { mongoUri, pids, stop } = await startNeighbours()
  resources.defer(stop)
  const mongo = await connectMongo(mongoUri, 'bench')
  resources.defer(() => mongo.close())
  const [small, large] = [await openBenchService(mongo, 'few'), await openBenchService(mongo, 'many')] as const
  const options = { pids, rounds, mongo }

  const growth = many === 0 ? [] : await measureGrowth([small, large], { ...options, sizes: [few, many] })
  console.log(`filled and read in ${Math.round(performance.now() / 1000)} s`)
  for (const one of growth) console.log(toGrowthText(one))
  const { one, batch } = await measureBatch(small, options)
  console.log(`creating an issue   ${textOf(one)}   a hundred at once ${textOf(batch)}`)
  const { ours, floor } = await measureImport(small, options)
  console.log(`importing 1,000 customers   ${textOf(ours)}   bare writes ${textOf(floor)}`)
  return {
    bench: 'list',
    growth10kTo500k:
      growth.length === 0 ? null : round(Math.max(...growth.map((read) => ratioOf(read.many, read.few)))),
    batchPerOne: round(ratioOf(batch, one)),
    importPerFloor: round(ratioOf(floor, ours)),
    growthP95: growth.length === 0 ? null : round(Math.max(...growth.map((read) => read.many.ms / read.few.ms))),
    importedPerCpuSecond: Math.round((1_000 / ours.cpuMicros) * 1_000_000),
  }
}

function toGrowthText({ read, few, many }: Growth): string {
  return `${read.padEnd(28)} ${textOf(few)}   with many ${textOf(many)}   ${ratioOf(many, few).toFixed(2)}`
}
