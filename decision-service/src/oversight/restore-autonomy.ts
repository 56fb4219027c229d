import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { PolicyVersionNotFoundError } from '../domain/errors.ts'
import { type Autonomy, autonomyIdFor, restoreAutonomy } from './autonomy.ts'
import { AutonomyNotSuspendedError } from './errors.ts'
import type { AutonomyStore } from './ports.ts'

type RestoreAutonomyCommand = Readonly<{ digest: string; action: DecisionAction; cause: Cause }>
/** @throws PolicyVersionNotFoundError, AutonomyNotSuspendedError */
export type RestoreAutonomy = (command: RestoreAutonomyCommand) => Promise<Autonomy>

type Dependencies = Readonly<{
  store: AutonomyStore
  /** Whether there is, or ever was, a version of a policy with this digest. */
  isVersion: (digest: string) => Promise<boolean>
  now: Clock
  onCommit: () => void
}>

export function createRestoreAutonomy({ store, isVersion, now, onCommit }: Dependencies): RestoreAutonomy {
  return async ({ digest, action, cause }) => {
    const id = autonomyIdFor(digest, action)
    const restored = await store.transact(async (transaction) => {
      const before = (await transaction.findAutonomy([id])).get(id)
      if (!before) {
        throw (await isVersion(digest)) ? new AutonomyNotSuspendedError(action) : new PolicyVersionNotFoundError(digest)
      }
      const { autonomy, events } = restoreAutonomy(before, { cause, now: now() })
      await transaction.saveAutonomy([autonomy])
      await transaction.addEvents(events)
      return autonomy
    })
    onCommit()
    return restored
  }
}
