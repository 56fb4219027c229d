/** The cost of refusing each hostile document of the tests: CPU time of the gateway, from the request to the answer. */
import { parseArgs } from 'node:util'
import { startGatewayProcess } from '../../gateway/test/gateway-process.ts'
import { HOSTILE_DOCUMENTS, type HostileDocument } from '../../gateway/test/hostile-documents.ts'
import { readCpuMicros } from './gateway/process-usage.ts'
import { percentile } from './processes.ts'

const HELP = `npm run bench:refusals [-- --rounds 40]

Sends each hostile document of the gateway's tests to a gateway (the real program), and measures the CPU time that it takes
to refuse it.

  --rounds N   how often each is sent (default 40)

The last line is one JSON object with the figures.`

const WORST = 10

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a number.')

/** Variables so deep that JSON.stringify gives up are for tests within the process. */
const documents = HOSTILE_DOCUMENTS.filter(isSendable)
const gateway = await startGatewayProcess()
/** An operator's limits are the standard ones, which the documents are made to exceed. */
const authorization = `Bearer ${await gateway.signToken({ roles: ['operator'], lifetime: '1h' })}`
try {
  console.log('Warming up …')
  for (const document of documents) await microsToRefuse(document)
  console.log(`Sending ${documents.length} documents ${rounds} times each …`)
  const measured: { name: string; micros: number }[] = []
  for (const document of documents) {
    measured.push({ name: document.name, micros: await microsToRefuse(document) })
  }
  report(measured.sort((a, b) => a.micros - b.micros))
} finally {
  await gateway.stop()
}

function isSendable({ variables }: HostileDocument): boolean {
  try {
    JSON.stringify(variables)
    return true
  } catch {
    return false
  }
}

async function microsToRefuse(document: HostileDocument): Promise<number> {
  const before = readCpuMicros(gateway.pid)
  for (let round = 0; round < rounds; round++) await refuse(document, round)
  return Math.round((readCpuMicros(gateway.pid) - before) / rounds)
}

/** Sends it with a comment of its own: what was refused before may be known. */
async function refuse({ name, text, variables }: HostileDocument, round: number): Promise<void> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: `#${round}\n${text}`, variables }),
  })
  await response.arrayBuffer()
  if (response.status !== 400) throw new Error(`"${name}" was answered with ${response.status}.`)
}

function report(sorted: readonly { name: string; micros: number }[]): void {
  const median = percentile(
    sorted.map(({ micros }) => micros),
    0.5,
  )
  const worst = sorted.slice(-WORST).reverse()
  console.log(`\nCPU µs per refusal   median ${median}`)
  for (const { name, micros } of worst) console.log(`${String(micros).padStart(8)}   ${name}`)
  console.log(JSON.stringify({ bench: 'refusals', medianMicros: median, worstMicros: worst[0]!.micros }))
}
