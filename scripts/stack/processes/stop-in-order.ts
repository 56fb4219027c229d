import { setTimeout as pause } from 'node:timers/promises'
import { STAGES, type Stage } from './process-table.ts'
import type { Running } from './start-processes.ts'

/** When the next stage's turn comes, counted from the beginning, whether or not this one is done. */
const STAGE_ENDS_MS: Readonly<Record<Stage, number>> = { door: 1_500, service: 3_000, store: 4_000 }

/** Ends the processes stage by stage; who is still there at the end is killed. */
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

/** Ends the processes at once. */
export async function killAll(running: readonly Running[]): Promise<void> {
  await Promise.all(running.map(({ supervised }) => supervised.stop('SIGKILL')))
}
