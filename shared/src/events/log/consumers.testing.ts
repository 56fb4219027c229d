import type { StreamName } from '../envelope.ts'
import { openGroup, type Round, type Trace } from './group.ts'
import { PositionMovedError } from './group-store.ts'
import { CrashError, type createModelRedis, type ModelGroup } from './model.testing.ts'
import { createWaiting } from './set-aside.ts'
import { createHold } from './settle.ts'

const isTransient = (error: unknown) => error instanceof CrashError || error instanceof PositionMovedError
const trace: Trace = (events, run) => run(events)
const hooks = { random: () => 0.5, isTransient, trace, afterCommit: async () => undefined }

type Options = Readonly<{ redis: ReturnType<typeof createModelRedis>; group: ModelGroup; stream: StreamName }>

/** A group of the model with two processes. */
export function createConsumers(name: string, { redis, group, stream }: Options) {
  const clock = { ms: 0 }
  const nowMs = () => clock.ms
  const hold = createHold(nowMs)
  const open = () =>
    openGroup({
      ...hooks,
      ...{
        monotonicMs: nowMs,
        hold,
        store: group.store,
        reader: redis.reader(stream, 7),
        streams: [stream],
        isRelevant: () => true,
      },
      waiting: createWaiting({ ...group.store, ...hooks, nowMs, monotonicMs: nowMs, onAttempt: () => undefined }),
      report: async (_, position) => void redis.reports.set(name, position),
      onSetAside: () => undefined,
      onGone: () => undefined,
    })
  const processes: ((() => Promise<Round>) | null)[] = [null, null]
  return {
    group,
    async consume(index: number) {
      clock.ms += 1_000
      try {
        processes[index] ??= await open()
        await processes[index]()
      } catch (error) {
        if (!isTransient(error)) throw error
        processes[index] = null
      }
    },
  }
}
