import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type Autonomy, autonomyIdFor, restoreAutonomy } from './autonomy.ts'
import { AutonomyNotSuspendedError } from './errors.ts'
import type { AutonomyStore } from './ports.ts'

type RestoreAutonomyCommand = Readonly<{ digest: string; action: DecisionAction; cause: Cause }>
/** @throws AutonomyNotSuspendedError */
export type RestoreAutonomy = (command: RestoreAutonomyCommand) => Promise<Autonomy>

type Dependencies = Readonly<{ store: AutonomyStore; now: Clock; onCommit: () => void }>

export function createRestoreAutonomy({ store, now, onCommit }: Dependencies): RestoreAutonomy {
  return async ({ digest, action, cause }) => {
    const id = autonomyIdFor(digest, action)
    const restored = await store.transact(async (transaction) => {
      const before = (await transaction.findAutonomy([id])).get(id)
      if (!before) throw new AutonomyNotSuspendedError(action)
      const { autonomy, events } = restoreAutonomy(before, { cause, now: now() })
      await transaction.saveAutonomy([autonomy])
      await transaction.addEvents(events)
      return autonomy
    })
    onCommit()
    return restored
  }
}
