import { setTimeout as pause } from 'node:timers/promises'
import type { Fault, FaultKind } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'
import { poison } from './poison.ts'
import { restoreRedis, truncateRedis, wipeRedis } from './redis-faults.ts'
import { findPid, signalProcess } from './signal-process.ts'

type Of<K extends FaultKind> = Extract<Fault, { kind: K }>
/** Resolves when the fault is over and nothing is left of it to undo. */
type Inject<F> = (system: System, fault: F, signal: AbortSignal) => Promise<void>

const INJECT: Readonly<{ [K in FaultKind]: Inject<Of<K>> }> = {
  kill: async (system, { target }) => signalProcess(await findPid(system, target), 'SIGKILL'),
  stop: async (system, { target, forMs }, signal) => {
    const pid = await findPid(system, target)
    signalProcess(pid, 'SIGSTOP')
    await pause(forMs, null, { signal }).finally(() => signalProcess(pid, 'SIGCONT'))
  },
  'redis-wiped': wipeRedis,
  'redis-truncated': truncateRedis,
  'redis-restored': restoreRedis,
  poison,
  'disk-full': async ({ disk }, { forMs }, signal) => {
    disk?.fill()
    await pause(forMs, null, { signal }).finally(() => disk?.free())
  },
}

type Options = Readonly<{ onFault: (fault: Fault) => void; signal: AbortSignal }>

/** Makes the faults of a schedule happen, each at its moment, and resolves when all are over. */
export async function injectFaults(system: System, faults: readonly Fault[], { onFault, signal }: Options) {
  await Promise.all(
    faults.map(async (fault) => {
      await pause(fault.atMs, null, { signal })
      onFault(fault)
      await (INJECT[fault.kind] as Inject<Fault>)(system, fault, signal)
    }),
  )
}
