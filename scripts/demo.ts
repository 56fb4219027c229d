import { randomUUID } from 'node:crypto'
import { findDevFile } from './stack/dev-file.ts'
import { StackError } from './stack/failure.ts'
import { DEMO_HELP, printHelpIfAsked } from './stack/help.ts'
import { type Endpoint, GraphqlError } from './stack/samples/graphql-client.ts'
import { createSampleIssues, followIssues, isDecided } from './stack/samples/sample-issues.ts'
import { tableHead, toTableRow } from './stack/samples/sample-table.ts'
import { dataDirectoryOf, loadEnvironment } from './stack/settings.ts'

if (!printHelpIfAsked(DEMO_HELP)) process.exitCode = await run()

async function run(): Promise<number> {
  try {
    return await demonstrate(findEndpoint(loadEnvironment()))
  } catch (error) {
    if (!(error instanceof GraphqlError || error instanceof StackError)) throw error
    console.error(error.message)
    return 1
  }
}

/** @throws StackError when no stack is known. */
function findEndpoint(environment: NodeJS.ProcessEnv): Endpoint {
  const { GRAPHQL_URL, TOKEN } = environment
  const devFile = findDevFile(dataDirectoryOf(environment))
  const url = GRAPHQL_URL ?? devFile?.graphql
  const token = TOKEN ?? devFile?.tokens.operator
  if (url === undefined)
    throw new StackError('Redress is not running here. Start it with npm start, or set GRAPHQL_URL and TOKEN.')
  if (token === undefined) throw new StackError('Set TOKEN to a token that may create and read issues.')
  return { url, token }
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

function explainIfUnreachable(error: unknown): never {
  const isUnreachable = error instanceof GraphqlError && error.codes.length === 0 && error.cause !== undefined
  if (isUnreachable) throw new StackError(`${error.message} Start Redress with npm start first.`, { cause: error })
  throw error
}
