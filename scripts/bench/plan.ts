/** Measures how long cold documents take to be planned, and how long they block the event loop of the gateway. */
import { parseArgs } from 'node:util'
import { type ColdTime, openColdDocuments } from '../../gateway/test/cold-documents.ts'

const HELP = `npm run bench:plan [-- --rounds 20]

Prepares documents that the gateway has not seen before: parses, checks and plans them, and compiles their answers. "ms" is
the time until the first request could run, "block" the longest CPU time for which the event loop did nothing else.

  --rounds N   documents of each size (default 20); the result is the median of their times and the longest block

The last line is one JSON object.`

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, help: { type: 'boolean', short: 'h', default: false } },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a number.')

/** Documents of one size, each different from all others. */
const SIZES: Readonly<Record<'small' | 'medium' | 'large', (n: number) => string>> = {
  small: (n) => `query Small${n} { issue(id: "iss_${n}") { id status } }`,
  medium: (n) =>
    `query Medium${n} { issue(id: "iss_${n}") { id status type createdAt decision { id action confidence reasoning } auditTrail(first: 5) { totalCount nodes { sequence action } } } }`,
  large: (n) =>
    `query Large${n} { ${Array.from(
      { length: 15 },
      (_, at) =>
        `a${at}: issue(id: "iss_${n}_${at}") { id status type priority version createdAt decision { id action confidence routing engine reasoning policyApplied trace { name } } auditTrail(first: ${at + 1}) { totalCount nodes { sequence action actor at hash } } customer { id riskScore issues(first: 3) { totalCount nodes { id status decision { id action } } } } }`,
    ).join(' ')} }`,
}

const cold = openColdDocuments()
// A running gateway has compiled its own code, and its planner has read the supergraph.
for (const textOf of Object.values(SIZES)) for (let n = 0; n < 3; n++) await cold.measure(textOf(rounds + n))

const measured: Record<string, ColdTime> = {}
for (const [size, textOf] of Object.entries(SIZES)) {
  const found: ColdTime[] = []
  for (let n = 0; n < rounds; n++) found.push(await cold.measure(textOf(n)))
  const times = found.map(({ ms }) => ms).sort((a, b) => a - b)
  measured[size] = { ms: times[times.length >> 1]!, block: Math.max(...found.map(({ block }) => block)) }
  console.log(`${size.padEnd(8)}${format(measured[size].ms)} ms, longest block ${format(measured[size].block)} ms`)
}
await cold.close()
const { small, medium, large } = measured
const loopBlockMs = Math.max(small!.block, medium!.block, large!.block)
const figures = { smallMs: small!.ms, mediumMs: medium!.ms, largeMs: large!.ms, loopBlockMs }
const rounded = Object.fromEntries(Object.entries(figures).map(([name, ms]) => [name, Number(format(ms))]))
console.log(JSON.stringify({ bench: 'plan', ...rounded }))

function format(ms: number): string {
  return ms.toFixed(1)
}
