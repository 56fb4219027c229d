/** Compares the gateway with one monolith on random graphs and operations. */
import { parseArgs } from 'node:util'
import { type Difference, openWorld } from '../../gateway/test/truth/truth.ts'

const HELP = `npm run truth [-- --seed 1 --operations 1000]

Composes random supergraphs, and runs random operations on each: through the gateway over HTTP subgraphs that validate what
they are sent, and by graphql-js on one schema with the same data. Prints the operations whose answers differ.

  --seed N         the first supergraph (default 1); supergraph and operation together reproduce a difference
  --operations N   how many operations are run (default 1000)
  --each N         operations per supergraph (default 50)
  --only N         a single operation of the first supergraph, with the schemas of its subgraphs
  --nested         fields that require fields of other entities, too
  --conditions P   how often a selection has a condition (default 0.15)
  --show N         how many differences are printed in full (default 5)

Ctrl-C ends it after the present supergraph. The last line is one JSON object. The exit code is 1 if there is a difference.`

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    operations: { type: 'string', default: '1000' },
    each: { type: 'string', default: '50' },
    only: { type: 'string' },
    nested: { type: 'boolean', default: false },
    conditions: { type: 'string', default: '0.15' },
    show: { type: 'string', default: '5' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const [seed, operations, each, show] = [values.seed, values.operations, values.each, values.show].map(Number)

const options = { isNested: values.nested, conditions: Number(values.conditions) }
const only = values.only === undefined ? null : Number(values.only)
const counted = { operations: 0, supergraphs: 0, notComposed: 0, differences: 0 }
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isStopped = true
  })
}
for (let at = seed!; !isStopped && counted.operations < (only === null ? operations! : 1); at++) {
  const world = await openWorld(at, options)
  if (world === null) {
    counted.notComposed++
    continue
  }
  counted.supergraphs++
  if (only !== null) for (const [name, sdl] of Object.entries(world.sdls)) console.log(`# ${name}\n${sdl}\n`)
  const numbers = only === null ? Array.from({ length: each! }, (_, index) => index) : [only]
  for (const number of numbers) {
    const difference = await world.compare(number)
    counted.operations++
    if (difference === null) continue
    counted.differences++
    if (counted.differences <= show!) print(difference)
  }
  await world.close()
}
console.log(JSON.stringify({ truth: 'monolith', seed, ...counted }))
process.exitCode = counted.differences === 0 ? 0 : 1

function print({ supergraph, operation, text, variables, expected, got, exchanges }: Difference): void {
  console.log(`\n--- supergraph ${supergraph}, operation ${operation}\n${text}\n${JSON.stringify(variables)}`)
  if (only !== null) for (const exchange of exchanges) console.log(exchange)
  console.log(`expected ${expected}\ngot      ${got}`)
}
