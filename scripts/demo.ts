import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { StackError } from './stack/failure.ts'
import { DEMO_HELP, printHelpIfAsked } from './stack/help.ts'
import { withDatabase } from './stack/keys/known-keys.ts'
import { isDevelopment } from './stack/processes/environment.ts'
import { exitCodeOf, explainIfUnreachable, findEndpoint } from './stack/samples/find-endpoint.ts'
import type { Endpoint } from './stack/samples/graphql-client.ts'
import { createSampleIssues, followIssues, isDecided } from './stack/samples/sample-issues.ts'
import { tableHead, toTableRow } from './stack/samples/sample-table.ts'
import { seedSampleData } from './stack/samples/seed.ts'
import { loadEnvironment } from './stack/settings.ts'

if (!printHelpIfAsked(DEMO_HELP)) {
  process.exitCode = await exitCodeOf(async () => {
    const environment = loadEnvironment()
    const endpoint = findEndpoint(environment, 'create and read issues')
    if (isToClear()) await seedSampleData(databaseIn(environment), { clear: true })
    return demonstrate(endpoint)
  })
}

/** @throws StackError for another option. */
function isToClear(): boolean {
  try {
    return parseArgs({ options: { clear: { type: 'boolean', short: 'c' } } }).values.clear ?? false
  } catch (error) {
    throw new StackError(`${(error as Error).message}\n\n${DEMO_HELP}`, { cause: error })
  }
}

/** The environment with the database of the samples. @throws StackError in production. */
function databaseIn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!isDevelopment(environment)) throw new StackError('Samples are removed in development only.')
  return withDatabase(environment)
}

/** Returns the exit code: 0 when all issues were decided. */
async function demonstrate(endpoint: Endpoint): Promise<number> {
  const ids = await createSampleIssues(endpoint, `demo-${randomUUID()}`).catch(explainIfUnreachable)
  const issues = await followIssues(endpoint, ids, {
    onFinal: ({ id, type }) => console.log(`decided ${id} (${type.toLowerCase()})`),
  })

  console.log(`\n${[tableHead(), ...issues.map(toTableRow)].join('\n')}\n`)
  const decided = issues.filter(isDecided).length
  console.log(`${decided} of ${ids.length} issues were decided.`)
  return decided === ids.length ? 0 : 1
}
