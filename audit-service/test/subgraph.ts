import { createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createLoaders } from '../src/inbound/loaders.ts'
import { createResolvers } from '../src/inbound/resolvers.ts'
import { createMongoApiKeys } from '../src/outbound/mongo-api-keys.ts'
import { createMongoRecord } from '../src/outbound/mongo-record.ts'
import { createMongoRevocations } from '../src/outbound/mongo-revocations.ts'
import { createMongoViews } from '../src/outbound/mongo-views.ts'
import { createRandomSecret } from '../src/outbound/random-secret.ts'
import { createCreateApiKey } from '../src/use-cases/create-api-key.ts'
import type { Views } from '../src/use-cases/ports.ts'
import { createRecordRefusals } from '../src/use-cases/record-refusals.ts'
import { createRevokeApiKey } from '../src/use-cases/revoke-api-key.ts'
import { createRevokeTokens } from '../src/use-cases/revoke-tokens.ts'
import { type Database, logger } from './stores.ts'
import { INTERNAL_PUBLIC_KEY } from './tokens.ts'

/** The subgraph on a database, on a free port. */
export function startSubgraph(database: Database, views: Views = createMongoViews(database.collections)) {
  const keys = createMongoApiKeys(database)
  const revocations = createMongoRevocations(database)
  const now = () => new Date()
  return serveSubgraph({
    name: 'audit',
    schemaFile: new URL('../schema.graphql', import.meta.url),
    resolvers: createResolvers({
      views,
      verifyChain: database.verifyChain,
      keys,
      createApiKey: createCreateApiKey({ keys, createSecret: createRandomSecret, now }),
      revokeApiKey: createRevokeApiKey({ keys, now }),
      revocations,
      revokeTokens: createRevokeTokens({ revocations, now }),
      recordRefusals: createRecordRefusals({ record: createMongoRecord(database) }),
    }),
    createLoaders: () => createLoaders(views),
    verifyToken: createInternalTokenVerifier(INTERNAL_PUBLIC_KEY),
    checks: {},
    port: 0,
    host: '127.0.0.1',
    logger,
  })
}
