import { setTimeout as pause } from 'node:timers/promises'
import type { Journal } from '../load/journal.ts'
import type { Fault, FaultKind } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'
import { failJob } from './fail-job.ts'
import { poison } from './poison.ts'
import { failOverRedis, restoreRedis, truncateRedis, wipeRedis } from './redis-faults.ts'
import { findPid, signalProcess } from './signal-process.ts'

type Of<K extends FaultKind> = Extract<Fault, { kind: K }>
type Place = Readonly<{ system: System; journal: Journal; signal: AbortSignal }>
/** Resolves when the fault is over and nothing is left of it to undo. */
type Inject<F> = (place: Place, fault: F) => Promise<void>

const INJECT: Readonly<{ [K in FaultKind]: Inject<Of<K>> }> = {
  kill: async ({ system }, { target }) => signalProcess(await findPid(system, target), 'SIGKILL'),
  stop: async ({ system, signal }, { target, forMs }) => {
    const pid = await findPid(system, target)
    signalProcess(pid, 'SIGSTOP')
    await pause(forMs, null, { signal }).finally(() => signalProcess(pid, 'SIGCONT'))
  },
  clock: async ({ system: { clocks }, signal }, { target, shiftMs, forMs }) => {
    clocks?.shift(target, shiftMs)
    await pause(forMs, null, { signal }).finally(() => clocks?.shift(target, 0))
  },
  'redis-wiped': ({ system }, fault) => wipeRedis(system, fault),
  'redis-truncated': ({ system }, fault) => truncateRedis(system, fault),
  'redis-restored': ({ system, signal }, fault) => restoreRedis(system, fault, signal),
  'redis-failover': ({ system }, fault) => failOverRedis(system, fault),
  poison: (place, fault) => poison(place, fault),
  'disk-full': async ({ system: { disk }, signal }, { forMs }) => {
    disk?.fill()
    await pause(forMs, null, { signal }).finally(() => disk?.free())
  },
  'job-failed': (place) => failJob(place),
  model: async ({ system: { model }, signal }, { fault, forMs }) => {
    model?.always(fault)
    await pause(forMs, null, { signal }).finally(() => model?.always(null))
  },
}

type Options = Readonly<{ onFault: (fault: Fault) => void; signal: AbortSignal }>

/** Makes the faults of a schedule happen, each at its moment, and resolves when all are over. */
export async function injectFaults(
  system: System,
  journal: Journal,
  faults: readonly Fault[],
  { onFault, signal }: Options,
): Promise<void> {
  await Promise.all(
    faults.map(async (fault) => {
      await pause(fault.atMs, null, { signal })
      onFault(fault)
      await (INJECT[fault.kind] as Inject<Fault>)({ system, journal, signal }, fault)
    }),
  )
}
