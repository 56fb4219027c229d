/** How long one issue takes where nothing else is to be done: what a person waits who creates a single one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { callGraphql, type Endpoint } from '../stack/samples/graphql-client.ts'
import { seedSampleData } from '../stack/samples/seed.ts'
import { startStack } from '../stack/stack.ts'
import { percentile } from './processes.ts'

const HELP = `npm run bench:idle [-- --issues 100]

Measures how long one issue takes from its creation until it is final, as a caller sees it, on a stack of its own that has
nothing else to do. One issue at a time.

  --issues N   how many issues are created (default 100)

The last line is one JSON object with the figures.`

/** Issues before the figures count: code is compiled while it runs. */
const WARM_UP = 20
const POLL_MS = 5
const FINAL = ['RESOLVED', 'AWAITING_REVIEW', 'FAILED']

const CREATE = 'mutation Create($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } } }'
const STATUS = 'query Status($id: ID!) { issue(id: $id) { status } }'

const { values } = parseArgs({
  options: {
    issues: { type: 'string', default: '100' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const issues = Number(values.issues)
if (!(Number.isInteger(issues) && issues > 0)) throw new Error('--issues takes a number.')

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
  console.log(JSON.stringify(await measure({ url: stack.graphql, token: stack.tokens!.operator })))
} finally {
  await stack.stop()
  rmSync(dataDirectory, { recursive: true, force: true })
}

async function measure(endpoint: Endpoint) {
  console.log('Warming up …')
  for (let issue = 0; issue < WARM_UP; issue++) await createToFinalMs(endpoint, `warm-up-${issue}`)
  console.log(`Creating ${issues} issues, one after the other …`)
  const took: number[] = []
  for (let issue = 0; issue < issues; issue++) took.push(await createToFinalMs(endpoint, `idle-${issue}`))

  const sorted = took.sort((a, b) => a - b)
  const [p50, p95] = [percentile(sorted, 0.5), percentile(sorted, 0.95)]
  console.log(`create to final, one at a time   p50 ${p50.toFixed(0)} ms   p95 ${p95.toFixed(0)} ms`)
  return { bench: 'idle', createToFinalP50Ms: Math.round(p50), createToFinalP95Ms: Math.round(p95) }
}

/** How long it takes until somebody who asks again and again is told that the issue is final. */
async function createToFinalMs(endpoint: Endpoint, idempotencyKey: string): Promise<number> {
  const details = { decline: { errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 } }
  const input = { idempotencyKey, customerId: 'cust_042', transactionId: 'txn_5521', details }
  const beganAt = performance.now()
  const { createIssue } = await callGraphql<{ createIssue: { issue: { id: string } } }>(endpoint, CREATE, { input })
  for (;;) {
    const { issue } = await callGraphql<{ issue: { status: string } }>(endpoint, STATUS, createIssue.issue)
    if (FINAL.includes(issue.status)) return performance.now() - beganAt
    await pause(POLL_MS)
  }
}
