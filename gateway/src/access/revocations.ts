import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { type } from 'arktype'
import type { AskAudit } from './ask-audit.ts'

const KEY = 'gateway:token-revocations'
const QUERY =
  'query FindTokenRevocations($since: DateTime!) { findTokenRevocations(since: $since) { jti subject revokedAt } }'

const Revoked = type({ jti: 'string | null', subject: 'string | null', revokedAt: 'string.date.iso' }).array()
const Answer = type({ 'errors?': 'undefined', data: { findTokenRevocations: Revoked } })
type Revoked = typeof Revoked.infer

/** The claims that a revocation can name. */
export type TokenClaims = Readonly<{ sub?: string; jti?: string; iat?: number }>

export type Revocations = Readonly<{
  isRevoked: (claims: TokenClaims) => boolean
  /** Resolves once the list was read or could not be. */
  loaded: Promise<void>
  close: () => void
}>

export const NO_REVOCATIONS: Revocations = { isRevoked: () => false, loaded: Promise.resolve(), close: () => {} }

type Options = Readonly<{
  askAudit: AskAudit
  /** Keeps a copy for gateways that start while the audit service is away. */
  cache: Pick<Redis, 'get' | 'set'> | null
  /** Tokens that were revoked longer ago have expired. */
  lifetimeMaxMs: number
  /** How often the list is read, so how long a revoked token may still be accepted. */
  everyMs: number
  now?: () => number
  logger: Logger
}>

/**
 * Knows the tokens that were revoked before they expire. The audit service keeps them; the gateway reads those that can
 * matter every few seconds, so that no request waits for it. While it is away, the last list stays in force.
 */
export function createRevocations(options: Options): Revocations {
  const { lifetimeMaxMs, everyMs, now = Date.now, logger } = options
  let list = toList([])
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const read = async (isFirst: boolean) => {
    const since = new Date(now() - lifetimeMaxMs).toISOString()
    try {
      list = toList(await readRevoked(options, since, isFirst))
    } catch (err) {
      if (isFirst) logger.warn({ err }, 'revoked tokens are not known yet')
    }
    if (!isClosed) timer = setTimeout(() => void read(false), everyMs).unref()
  }
  return {
    isRevoked: (claims) => list.size > 0 && list.has(claims),
    loaded: read(true),
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

async function readRevoked({ askAudit, cache }: Options, since: string, isFirst: boolean): Promise<Revoked> {
  try {
    const revoked = Answer.assert(await askAudit(QUERY, { since })).data.findTokenRevocations
    await cache?.set(KEY, JSON.stringify(revoked)).catch(() => {})
    return revoked
  } catch (error) {
    const copy = isFirst ? await cache?.get(KEY).catch(() => null) : null
    if (copy == null) throw error
    return Revoked.assert(JSON.parse(copy))
  }
}

function toList(revoked: Revoked) {
  const ids = new Set(revoked.flatMap(({ jti }) => jti ?? []))
  const subjects = new Map(
    revoked.flatMap(({ subject, revokedAt }) => (subject === null ? [] : [[subject, Date.parse(revokedAt)] as const])),
  )
  return {
    size: revoked.length,
    has({ jti, sub, iat }: TokenClaims): boolean {
      if (jti !== undefined && ids.has(jti)) return true
      const until = sub === undefined ? undefined : subjects.get(sub)
      // `iat` counts whole seconds: of a token of the same second nobody can say that it came later.
      return until !== undefined && (iat === undefined || iat * 1000 <= until)
    },
  }
}
