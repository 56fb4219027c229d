/** The gateway of Apollo's documentation, without any guards. */
import { readFileSync } from 'node:fs'
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { fromRoot } from '../../repository.ts'

const ADDRESSES = {
  'http://issues/graphql': process.env.ISSUES_URL,
  'http://decisions/graphql': process.env.DECISIONS_URL,
  'http://audit/graphql': process.env.AUDIT_URL,
}

const supergraphSdl = Object.entries(ADDRESSES).reduce(
  (text, [placeholder, url]) => text.replace(`"${placeholder}"`, `"${url}/graphql"`),
  readFileSync(fromRoot('gateway/supergraph.graphql'), 'utf8'),
)
const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }), stopOnTerminationSignals: false })
const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
announceReady(new URL(url).origin)
await untilStopped()
await server.stop()
