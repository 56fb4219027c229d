/** The gateway of Apollo's documentation, without any guards. */
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { toBenchSupergraph } from './bench-supergraph.ts'

const supergraphSdl = toBenchSupergraph(process.env)
const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }), stopOnTerminationSignals: false })
const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
announceReady(new URL(url).origin)
await untilStopped()
await server.stop()
