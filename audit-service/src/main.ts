import { STREAMS } from '@redress/shared/events/envelope.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { consumeEvents } from '@redress/shared/service/consume-events.ts'
import { openDatabase } from '@redress/shared/service/open-database.ts'
import { openOutbox } from '@redress/shared/service/open-outbox.ts'
import { openService } from '@redress/shared/service/open-service.ts'
import { serveUntilStopped } from '@redress/shared/service/serve.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import { readConfig } from './config.ts'
import { createEventsIn } from './inbound/events-in.ts'
import { createLoaders } from './inbound/loaders.ts'
import { createResolvers } from './inbound/resolvers.ts'
import { DATABASE } from './outbound/database.ts'
import { createMongoApiKeys } from './outbound/mongo-api-keys.ts'
import { createMongoChainReader, createMongoChainWriters } from './outbound/mongo-chain.ts'
import { createMongoRecord } from './outbound/mongo-record.ts'
import { createMongoRevocations } from './outbound/mongo-revocations.ts'
import { createMongoViews } from './outbound/mongo-views.ts'
import { createRandomSecret } from './outbound/random-secret.ts'
import { createCreateApiKey } from './use-cases/create-api-key.ts'
import { createRecordRefusals } from './use-cases/record-refusals.ts'
import { createRevokeApiKey } from './use-cases/revoke-api-key.ts'
import { createRevokeTokens } from './use-cases/revoke-tokens.ts'
import { createVerifyChain } from './use-cases/verify-chain.ts'

const config = configOrExit(readConfig)

// Stores and clients. Closed in reverse order when this module ends, whether it ends well or not.
await using service = await openService('audit', config)
const { mongo } = service
const collections = await openDatabase(service, DATABASE)
const outbox = await openOutbox(service, STREAMS.audit)
const views = createMongoViews(collections)
const keys = createMongoApiKeys({ mongo, collections })
const revocations = createMongoRevocations({ mongo, collections })

// Use cases.
const now = () => new Date()
const useCases = {
  verifyChain: createVerifyChain(createMongoChainReader(collections)),
  createApiKey: createCreateApiKey({ keys, createSecret: createRandomSecret, now }),
  revokeApiKey: createRevokeApiKey({ keys, now }),
  revokeTokens: createRevokeTokens({ revocations, now }),
  recordRefusals: createRecordRefusals({ record: createMongoRecord({ mongo, collections }) }),
}

// Inbound: the subgraph, events and health.
const deadLetters = await consumeEvents(
  service,
  createEventsIn({ db: service.db, chainIn: createMongoChainWriters(collections), outbox }),
)
await serveUntilStopped(service, {
  schemaFile: new URL('../schema.graphql', import.meta.url),
  ...combineParts(deadLetters, {
    resolvers: createResolvers({ views, keys, revocations, ...useCases }),
    createLoaders: () => createLoaders(views),
  }),
  internalPublicKey: config.internalPublicKey,
})
