import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import { type SubgraphOptions, serveSubgraph } from '../subgraph/serve-subgraph.ts'
import { tokenOf, verifyToken, withRole } from './callers.ts'
import { silent } from './stores.ts'

type Options = Pick<SubgraphOptions<null>, 'resolvers' | 'telemetry' | 'metrics'> &
  Readonly<{
    schema: string
    /** Default: at the end of the test that serves it. */
    atEnd?: (close: () => void | Promise<void>) => void
  }>

/** A small subgraph. `post` sends a request as the gateway does, or with other headers. */
export async function serveSmallSubgraph({ schema, atEnd = onTestFinished, ...options }: Options) {
  const directory = mkdtempSync(join(tmpdir(), 'redress-subgraph-'))
  atEnd(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'schema.graphql')
  writeFileSync(file, schema)

  const served = { name: 'small', schemaFile: pathToFileURL(file), createLoaders: () => null, verifyToken, checks: {} }
  const subgraph = await serveSubgraph({ ...served, port: 0, host: '127.0.0.1', logger: silent, ...options })
  atEnd(subgraph.close)
  const authorization = `Bearer ${await tokenOf(withRole('admin'))}`

  return {
    post: (query: string, headers: Readonly<Record<string, string>> = {}, variables: object = {}) =>
      fetch(`${subgraph.url}/graphql`, {
        method: 'POST',
        headers: { authorization, ...headers },
        body: JSON.stringify({ query, variables }),
      }),
  }
}
