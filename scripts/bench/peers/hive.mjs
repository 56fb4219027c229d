/** Hive Gateway with its query planner and executor in Rust, without guards. */
import { createServer } from 'node:http'
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime'
import { unifiedGraphHandler } from '@graphql-hive/router-runtime'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { toBenchSupergraph } from '../gateway/bench-supergraph.ts'

const gateway = createGatewayRuntime({
  supergraph: toBenchSupergraph(process.env),
  unifiedGraphHandler,
  logging: false,
  graphiql: false,
  landingPage: false,
})
const server = createServer(gateway)
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
announceReady(`http://127.0.0.1:${server.address().port}`)
await untilStopped()
server.closeAllConnections()
server.close()
await gateway[Symbol.asyncDispose]()
