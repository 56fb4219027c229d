import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type Revocation, type RevocationTarget, revocationIdOf, revokeTokens } from '../domain/revocation.ts'
import type { Revocations } from './ports.ts'

export type RevokeTokens = (command: Readonly<{ target: RevocationTarget; cause: Cause }>) => Promise<Revocation>

/** Revokes one token, or all tokens that a subject has by now. */
export function createRevokeTokens({
  revocations,
  now,
}: Readonly<{ revocations: Revocations; now: Clock }>): RevokeTokens {
  return ({ target, cause }) =>
    revocations.transact(async (transaction) => {
      const before = await transaction.find(revocationIdOf(target))
      const change = revokeTokens(before, target, { cause, now: now() })
      if (change === null) return before!
      await transaction.save(change)
      return change.revocation
    })
}
