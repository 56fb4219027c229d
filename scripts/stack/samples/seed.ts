import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fromRoot } from '../../repository.ts'
import { StackError } from '../failure.ts'
import { callPatiently, type Endpoint } from './graphql-client.ts'

const SEED_PROGRAM = fromRoot('issues-service/src/seed.ts')
const SAMPLE_DATA = fromRoot('scripts/sample-data.json')
const SEED_MS = 120_000

const SAMPLES_QUERY = `query Samples { issues(first: 1) { nodes { id } } customer(id: "cust_042") { id } }`

/** Which samples an empty database lacks. A database with issues lacks none. */
export async function findMissingSamples(endpoint: Endpoint): Promise<{ customers: boolean; issues: boolean }> {
  type Data = { issues: { nodes: readonly unknown[] }; customer: unknown }
  const { issues, customer } = await callPatiently<Data>(endpoint, SAMPLES_QUERY)
  const hasNoIssues = issues.nodes.length === 0
  return { customers: hasNoIssues && customer === null, issues: hasNoIssues }
}

/**
 * Stores the sample customers and transactions, by a program of the issues service, which owns the database and the
 * encryption of personal data. `environment` is that of the issues service. `clear` removes them before, with their issues.
 * @throws StackError
 */
export async function seedSampleData(environment: NodeJS.ProcessEnv, { clear = false } = {}): Promise<void> {
  const child = spawn(process.execPath, [SEED_PROGRAM, SAMPLE_DATA, ...(clear ? ['--clear'] : [])], {
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
