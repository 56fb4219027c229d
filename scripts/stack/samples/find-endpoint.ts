import { findDevFile } from '../dev-file.ts'
import { StackError } from '../failure.ts'
import { dataDirectoryOf } from '../settings.ts'
import { type Endpoint, GraphqlError } from './graphql-client.ts'

/**
 * The graph that GRAPHQL_URL and TOKEN name, or the one that npm start runs here.
 * @param may what the token is for, such as `create issues`.
 * @throws StackError when no stack is known.
 */
export function findEndpoint(environment: NodeJS.ProcessEnv, may: string): Endpoint {
  const { GRAPHQL_URL, TOKEN } = environment
  const devFile = findDevFile(dataDirectoryOf(environment))
  const url = GRAPHQL_URL ?? devFile?.graphql
  const token = TOKEN ?? devFile?.tokens.operator
  if (url === undefined)
    throw new StackError('Redress is not running here. Start it with npm start, or set GRAPHQL_URL and TOKEN.')
  if (token === undefined) throw new StackError(`Set TOKEN to a token that may ${may}.`)
  return { url, token }
}

/** @throws StackError for a graph that does not answer at all, and any other error as it is. */
export function explainIfUnreachable(error: unknown): never {
  const isUnreachable = error instanceof GraphqlError && error.codes.length === 0 && error.cause !== undefined
  if (isUnreachable) throw new StackError(`${error.message} Start Redress with npm start first.`, { cause: error })
  throw error
}

/** Runs a command to its exit code; a failure that has an explanation is printed, as the exit code 1. */
export async function exitCodeOf(run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof GraphqlError || error instanceof StackError)) throw error
    console.error(error.message)
    return 1
  }
}
