/**
 * Measures the CPU of a decision by the rules, with its trace, and the overhead of a decision by a model without the
 * model itself.
 */
import { parseArgs } from 'node:util'
import { type AiFigures, measureAi } from './decide/ai.ts'
import { startNeighbours } from './decide/neighbours.ts'
import { measureRules, type RulesFigures } from './decide/rules.ts'

const HELP = `npm run bench:decide [-- --rounds 15 --cases 2000 --calls 500]

Measures decisions by the rules, each with its trace, beside the unavoidable work (reading the facts, serializing the
verdict), and decisions by a model that answers at once, beside a bare fetch of the same bytes.

  --rounds N   rounds of measuring the rules and the floors in turn (default 15); the result is the median
  --cases N    random cases of each of the four types (default 2000)
  --calls N    calls to the model, in turn with bare ones (default 500; 0 for none)

The last line is one JSON object with the figures.`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    cases: { type: 'string', default: '2000' },
    calls: { type: 'string', default: '500' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const rounds = Number(values.rounds)
const cases = Number(values.cases)
const calls = Number(values.calls)
if (!(rounds >= 1 && cases >= 1 && calls >= 0)) throw new Error('--rounds, --cases and --calls take a number.')

console.log('Deciding by the rules …')
const rules = await measureRules({ rounds, cases })
console.log(toRulesTable(rules))
const ai = calls === 0 ? null : await measureModel()
console.log(
  JSON.stringify({
    bench: 'decide',
    rulesP95Us: round(rules.all.p95, 1),
    rulesPerSecond: Math.round(rules.perSecond),
    aiOverheadMs: ai && round(ai.overhead.p50, 2),
    rulesP50Us: round(rules.all.p50, 1),
    rulesPerFloor: round(rules.all.p50 / rules.floors.copy.p50, 2),
    aiOverheadP95Ms: ai && round(ai.overhead.p95, 2),
  }),
)

async function measureModel(): Promise<AiFigures> {
  console.log('Starting Redis, a database and a model that answers at once …')
  const neighbours = await startNeighbours()
  try {
    const figures = await measureAi({ calls }, neighbours)
    console.log(toAiTable(figures))
    return figures
  } finally {
    neighbours.stop()
  }
}

function toRulesTable({ byType, all, perSecond, floors }: RulesFigures): string {
  const line = (name: string, { p50, p95 }: { p50: number; p95: number }) => toLine(name, { p50, p95, unit: 'µs' })
  const [perFacts, perCopy] = [all.p50 / floors.facts.p50, all.p50 / floors.copy.p50]
  return [
    ...Object.entries(byType).map(([type, figures]) => line(`rules, ${type}`, figures)),
    line('rules, all four', all),
    line('floor: reading the facts', floors.facts),
    line('floor: copying the verdict as JSON', floors.copy),
    `rules over the floors (p50)   ${perFacts.toFixed(2)} of reading, ${perCopy.toFixed(2)} of copying`,
    `decisions a second and core   ${Math.round(perSecond)}`,
  ].join('\n')
}

function toAiTable({ engine, bare, overhead, waiting }: AiFigures): string {
  const line = (name: string, { p50, p95 }: { p50: number; p95: number }) => toLine(name, { p50, p95, unit: 'ms' })
  const parts = Object.entries(waiting).map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`)
  return [
    line('model, by the engine', engine),
    line('floor: bare fetch', bare),
    line('overhead', overhead),
    `of it waiting (p50)           ${parts.join(', ')}`,
  ].join('\n')
}

function toLine(name: string, { p50, p95, unit }: { p50: number; p95: number; unit: string }): string {
  return `${name.padEnd(36)} p50 ${p50.toFixed(2).padStart(7)} ${unit}   p95 ${p95.toFixed(2).padStart(7)} ${unit}`
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
