import { setTimeout as pause } from 'node:timers/promises'
import { STAGES, type Stage } from './process-table.ts'
import type { Running } from './start-processes.ts'

/** The time from the beginning at which the next stage is stopped, even if this one has not ended. */
const STAGE_ENDS_MS: Readonly<Record<Stage, number>> = { edge: 1_500, service: 3_000, store: 4_000 }

/** Stops the processes stage by stage, and kills those that have not ended by then. */
export async function stopInOrder(running: readonly Running[]): Promise<void> {
  const beganAt = Date.now()
  for (const stage of STAGES) {
    const ended = running.filter(({ row }) => row.stage === stage).map(({ supervised }) => supervised.stop('SIGTERM'))
    const rest = new AbortController()
    const turnOver = pause(STAGE_ENDS_MS[stage] - (Date.now() - beganAt), null, { signal: rest.signal }).catch(() => {})
    await Promise.race([Promise.all(ended), turnOver])
    rest.abort()
  }
  await killAll(running)
}

/** Kills the processes at once. */
export async function killAll(running: readonly Running[]): Promise<void> {
  await Promise.all(running.map(({ supervised }) => supervised.stop('SIGKILL')))
}
