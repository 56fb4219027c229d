import type { Outcome } from './run.ts'
import type { FaultKind } from './schedule/fault.ts'
import type { Schedule } from './schedule/schedule.ts'

/** The sums of all runs so far. */
export type Tally = {
  runs: number
  issues: number
  faults: number
  byKind: Partial<Record<FaultKind, number>>
  violations: number
  failedSeeds: number[]
  /** The directories of runs with violations. */
  kept: string[]
}

export function createTally(): Tally {
  return { runs: 0, issues: 0, faults: 0, byKind: {}, violations: 0, failedSeeds: [], kept: [] }
}

export function addRun(tally: Tally, { seed, faults }: Schedule, { issues, violations }: Outcome): void {
  tally.runs++
  tally.issues += issues
  tally.faults += faults.length
  for (const { kind } of faults) tally.byKind[kind] = (tally.byKind[kind] ?? 0) + 1
  tally.violations += violations.length
  if (violations.length > 0) tally.failedSeeds.push(seed)
}
