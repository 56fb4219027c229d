import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Limit } from './allowance.ts'
import { type Authenticate, createAuthenticator } from './authenticate.ts'
import type { CallerSource } from './caller.ts'
import { type Counters, createLocalCounters, createRedisCounters, createSteadyCounters } from './counters.ts'
import { createFailedAttempts } from './failed-attempts.ts'
import { type AuditSubgraph, createFindApiKey } from './find-api-key.ts'
import type { LimitAddress } from './guards/address-limit.ts'
import type { DevSessions } from './guards/dev-sessions.ts'
import { readVerificationKeys } from './key-files.ts'
import { createRateLimiter, type RateLimiter } from './rate-limit.ts'
import { createRemoteKeys } from './remote-keys.ts'
import { createApiKeyCallers } from './verify-api-key.ts'
import { createTokenCallers } from './verify-token.ts'

export type AccessOptions = Readonly<{
  /** Whether callers must authenticate. */
  auth: boolean
  /** One of `keysUrl` and `keyFile` is set if callers must authenticate. */
  jwt: Readonly<{
    keyFile: string | null
    keysUrl: string | null
    issuer: string
    audience: string
    lifetimeMaxMs: number
  }>
  rateLimit: Limit
  limitAddress: LimitAddress
  devSessions: DevSessions | null
  /** Counts for all gateways; null counts in this process only. */
  cache: Redis | null
  /** The subgraph that knows API keys, and how to call it; without both, no API key is valid. */
  audit: AuditSubgraph | null
  signToken: SignInternalToken | null
  auditTimeoutMs: number
  /** Called when this process begins or ceases to count alone. */
  onDegraded: (isDegraded: boolean) => void
  logger: Logger
}>

export type Access = Readonly<{ authenticate: Authenticate; limiter: RateLimiter }>

/** Authentication and rate limits. */
export function openAccess(options: AccessOptions): Access {
  const { auth, jwt, rateLimit } = options
  const counters = createCounters(options)
  const authenticate = createAuthenticator({
    verifyToken: auth ? createTokenCallers({ keys: verificationKeysOf(jwt), ...jwt }) : REFUSE_ALL,
    verifyApiKey: createApiKeySource(options),
    required: auth,
    failedAttempts: createFailedAttempts({ counters }),
    limitAddress: options.limitAddress,
    devSessions: options.devSessions,
  })
  return { authenticate, limiter: createRateLimiter({ counters, general: rateLimit }) }
}

function createCounters({ cache, onDegraded, logger }: AccessOptions): Counters {
  if (cache === null) return createLocalCounters()
  return createSteadyCounters({ shared: createRedisCounters(cache), logger, onChange: onDegraded })
}

function createApiKeySource({ audit, signToken, auditTimeoutMs }: AccessOptions): CallerSource {
  if (audit === null || signToken === null) return REFUSE_ALL
  return createApiKeyCallers({ findApiKey: createFindApiKey({ audit, signToken, timeoutMs: auditTimeoutMs }) })
}

/** For credentials that cannot be verified, because the keys to do so are not configured. */
const REFUSE_ALL: CallerSource = {
  findKnown: () => null,
  verify: () => Promise.reject(new UnauthenticatedError('These credentials are not accepted here.')),
}

function verificationKeysOf({ keysUrl, keyFile }: AccessOptions['jwt']) {
  return keysUrl === null ? readVerificationKeys(keyFile!) : createRemoteKeys(keysUrl)
}
