import type { QueueEpochs } from './queue-epochs.ts'
import type { Recover } from './recover-jobs.ts'

type Options = Readonly<{
  /** The connections to the queues, which become ready again where their Redis was away. */
  connections: readonly Readonly<{ on: (event: 'ready', listener: () => void) => unknown }>[]
  epochs: QueueEpochs
  recoverEach: readonly Recover[]
}>

/**
 * Recovers the jobs of all queues: the overdue ones, or all that are open where a Redis was away or is another one since
 * the last time. It may have lost any of them, and a new one would otherwise wait until it is overdue. Kinds of jobs are
 * recovered whether or not others can be.
 * @returns how many were recovered. Rejects with the first failure, after all were tried.
 */
export function createRecoverAll({ connections, epochs, recoverEach }: Options) {
  let wasAway = false
  for (const connection of connections) {
    connection.on('ready', () => {
      wasAway = true
    })
  }
  return async (signal: AbortSignal): Promise<number> => {
    const changed = await epochs.findChanged()
    const all = wasAway || changed.length > 0
    wasAway = false
    let count = 0
    const failures: unknown[] = []
    for (const recover of recoverEach) {
      try {
        count += await recover({ all, signal })
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 0) {
      await epochs.note(changed)
      return count
    }
    wasAway ||= all
    throw failures[0]
  }
}
