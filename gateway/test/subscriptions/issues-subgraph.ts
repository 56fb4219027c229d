import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GraphQLDataSource } from '@apollo/gateway'
import { Pool } from 'undici'

/** A subgraph over HTTP that knows every issue by its id, and answers only that. */
export async function startIssuesSubgraph() {
  let calls = 0
  const server = createServer((request, response) => {
    calls++
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { representations = [] } = JSON.parse(body).variables
      const issues = representations.map(({ id }: { id: string }) => ({
        __typename: 'Issue',
        id,
        priority: 'HIGH',
        version: 3,
      }))
      const data = { _entities: issues, issue: { id: 'iss_1', priority: 'HIGH', version: 3 } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ data }))
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The way from the gateway to a subgraph at `url`. */
export function createHttpSource(url: string): GraphQLDataSource & { close: () => Promise<void> } {
  const pool = new Pool(url)
  return {
    async process({ request: { query, variables } }) {
      const { body } = await pool.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: variables ?? {} }),
      })
      return (await body.json()) as never
    },
    close: () => pool.close(),
  }
}
