import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Limit } from './allowance.ts'
import { type AskAudit, createAskAudit, type PostToAudit } from './ask-audit.ts'
import { type Authenticate, createAuthenticator } from './authenticate.ts'
import type { CallerSource } from './caller.ts'
import { type Counters, createLocalCounters, createRedisCounters, createSteadyCounters } from './counters.ts'
import { createFailedAttempts } from './failed-attempts.ts'
import { createFindApiKey } from './find-api-key.ts'
import type { LimitAddress } from './guards/address-limit.ts'
import type { DevSessions } from './guards/dev-sessions.ts'
import { readVerificationKeys } from './key-files.ts'
import { createRateLimiter, type RateLimiter } from './rate-limit.ts'
import { notingLimits, notingRefusals } from './refusals/note-refusals.ts'
import type { NoteRefusal } from './refusals/refusal.ts'
import { createRefusalLog, NO_REFUSAL_LOG } from './refusals/refusal-log.ts'
import { createRemoteKeys } from './remote-keys.ts'
import { createRevocations, NO_REVOCATIONS, type Revocations } from './revocations.ts'
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
    /** How often revocations are read; 0 for never. */
    revocationsEveryMs: number
  }>
  rateLimit: Limit
  limitAddress: LimitAddress
  devSessions: DevSessions | null
  /** Counts for all gateways; null counts in this process only. */
  cache: Redis | null
  /** How to call the subgraph that knows API keys; without both, no API key is valid. */
  postToAudit: PostToAudit | null
  signToken: SignInternalToken | null
  auditTimeoutMs: number
  /** Called when this process begins or ceases to count alone. */
  onDegraded: (isDegraded: boolean) => void
  logger: Logger
}>

export type Access = Readonly<{
  authenticate: Authenticate
  limiter: RateLimiter
  /** Notes a refusal for the record, beside those of authentication and limits. */
  noteRefusal: NoteRefusal
  close: () => Promise<void>
}>

/** Authentication and rate limits, whose refusals are put on record. */
export function openAccess(options: AccessOptions): Access {
  const { auth, jwt, rateLimit } = options
  const askAudit = openAskAudit(options)
  const revocations = openRevocations(options, askAudit)
  const counters = createCounters(options)
  const refusals = askAudit === null ? NO_REFUSAL_LOG : createRefusalLog({ askAudit, logger: options.logger })
  const { note } = refusals
  const authenticate = createAuthenticator({
    verifyToken: auth ? createTokenCallers({ keys: verificationKeysOf(jwt), ...jwt, revocations }) : REFUSE_ALL,
    verifyApiKey: askAudit === null ? REFUSE_ALL : createApiKeyCallers({ findApiKey: createFindApiKey(askAudit) }),
    required: auth,
    failedAttempts: createFailedAttempts({
      counters,
      onBan: (clientIp) => note({ reason: 'BAN', callerId: null, clientIp, permission: null }),
    }),
    limitAddress: options.limitAddress,
    devSessions: options.devSessions,
  })
  return {
    authenticate: notingRefusals(authenticate, note),
    limiter: notingLimits(createRateLimiter({ counters, general: rateLimit }), note),
    noteRefusal: note,
    close() {
      revocations.close()
      return refusals.close()
    },
  }
}

function createCounters({ cache, onDegraded, logger }: AccessOptions): Counters {
  if (cache === null) return createLocalCounters()
  return createSteadyCounters({ shared: createRedisCounters(cache), logger, onChange: onDegraded })
}

function openAskAudit({ postToAudit, signToken, auditTimeoutMs: timeoutMs }: AccessOptions): AskAudit | null {
  return postToAudit === null || signToken === null ? null : createAskAudit({ postToAudit, signToken, timeoutMs })
}

function openRevocations({ auth, jwt, cache, logger }: AccessOptions, askAudit: AskAudit | null): Revocations {
  const { lifetimeMaxMs, revocationsEveryMs: everyMs } = jwt
  if (!auth || askAudit === null || everyMs === 0) return NO_REVOCATIONS
  return createRevocations({ askAudit, cache, lifetimeMaxMs, everyMs, logger })
}

/** For credentials that cannot be verified, because the keys to do so are not configured. */
const REFUSE_ALL: CallerSource = {
  findKnown: () => null,
  verify: () => Promise.reject(new UnauthenticatedError('These credentials are not accepted here.')),
}

function verificationKeysOf({ keysUrl, keyFile }: AccessOptions['jwt']) {
  return keysUrl === null ? readVerificationKeys(keyFile!) : createRemoteKeys(keysUrl)
}
