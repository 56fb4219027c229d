import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fromRoot } from '../../repository.ts'
import { StackError } from '../failure.ts'
import { callGraphql, type Endpoint } from './graphql-client.ts'

const SEED_PROGRAM = fromRoot('issues-service/src/seed.ts')
const SAMPLE_DATA = fromRoot('scripts/sample-data.json')
const SEED_MS = 30_000

const WHAT_IS_THERE = `query WhatIsThere { issues(first: 1) { nodes { id } } customer(id: "cust_042") { id } }`

/** What an empty database still lacks. One that somebody uses lacks nothing, also without our samples. */
export async function findWhatIsMissing(endpoint: Endpoint): Promise<{ customers: boolean; issues: boolean }> {
  type Data = { issues: { nodes: readonly unknown[] }; customer: unknown }
  const { issues, customer } = await callGraphql<Data>(endpoint, WHAT_IS_THERE)
  const hasNoIssues = issues.nodes.length === 0
  return { customers: hasNoIssues && customer === null, issues: hasNoIssues }
}

/**
 * Stores the sample customers and transactions. The issues service does it, in a process of its own: only it
 * knows its database and how personal data is encrypted. `environment` is that of the issues service.
 * @throws StackError
 */
export async function seedSampleData(environment: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, [SEED_PROGRAM, SAMPLE_DATA], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: SEED_MS,
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [exitCode, signal] = await once(child, 'exit')
  if (exitCode !== 0)
    throw new StackError(`The sample data was not stored (${signal ?? `exit code ${exitCode}`}).\n${said}`)
}
